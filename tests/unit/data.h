// Access to tests/data.
#ifndef SMIME_TEST_DATA_H
#define SMIME_TEST_DATA_H

#include <CppUTest/TestHarness.h>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>

inline std::string data_directory() {
  const char *directory = std::getenv("SMIME_TEST_DATA");
  return directory == nullptr ? "tests/data" : directory;
}

inline std::string read_data(const std::string &name) {
  std::string path = data_directory() + "/" + name;
  std::ifstream input(path, std::ios::binary);
  CHECK_TEXT(input.good(), path.c_str());
  std::ostringstream text;
  text << input.rdbuf();
  return text.str();
}

#endif
