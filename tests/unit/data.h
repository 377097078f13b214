// Access to tests/data.
#ifndef SMIME_TEST_DATA_H
#define SMIME_TEST_DATA_H

#include <CppUTest/TestHarness.h>
#include <algorithm>
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

// In lines, as in mail.
inline std::string base64(const std::string &text) {
  static constexpr char digits[] =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string result;
  for (std::size_t at = 0; at < text.size(); at += 3) {
    unsigned group = 0;
    std::size_t count = std::min<std::size_t>(3, text.size() - at);
    for (std::size_t i = 0; i < 3; i++)
      group = group << 8U | (i < count ? static_cast<unsigned char>(text[at + i]) : 0U);
    for (std::size_t i = 0; i < 4; i++)
      result += i <= count ? digits[group >> (18 - 6 * i) & 63U] : '=';
    if (at % 57 == 54)
      result += "\r\n";
  }
  return result + "\r\n";
}

#endif
