// Access to tests/data.
#ifndef SMIME_TEST_DATA_H
#define SMIME_TEST_DATA_H

#include <CppUTest/TestHarness.h>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>

inline std::string read_data(const std::string &name) {
  const char *directory = std::getenv("SMIME_TEST_DATA");
  std::string path = std::string(directory == nullptr ? "tests/data" : directory) + "/" + name;
  std::ifstream input(path, std::ios::binary);
  CHECK_TEXT(input.good(), path.c_str());
  std::ostringstream text;
  text << input.rdbuf();
  return text.str();
}

#endif
