#include "scanner/verify/charset.h"

#include <CppUTest/TestHarness.h>
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <iconv.h>
#include <optional>
#include <string>
#include <vector>

using namespace smime;

namespace {

// Empty if it cannot be converted.
std::optional<std::string> converted(const std::string &from, const std::string &to,
                                     std::string text) {
  iconv_t converter = iconv_open(to.c_str(), from.c_str());
  if (reinterpret_cast<std::intptr_t>(converter) == -1)
    return std::nullopt;
  std::string result(text.size() * 8 + 64, '\0');
  char *in = text.data();
  char *out = result.data();
  std::size_t in_left = text.size();
  std::size_t out_left = result.size();
  bool ok = iconv(converter, &in, &in_left, &out, &out_left) == 0 &&
            iconv(converter, nullptr, nullptr, &out, &out_left) == 0;
  (void)iconv_close(converter);
  result.resize(result.size() - out_left);
  return ok ? std::optional(result) : std::nullopt;
}

std::vector<std::string> names_of_iconv() {
  std::vector<std::string> names;
  FILE *list = popen("iconv -l", "r");
  std::string name;
  for (int c = list == nullptr ? EOF : std::fgetc(list); c != EOF; c = std::fgetc(list)) {
    if (c != '/' && c != ',' && c > ' ') {
      name += static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
    } else if (!name.empty()) {
      names.push_back(name);
      name.clear();
    }
  }
  if (list != nullptr)
    (void)pclose(list);
  return names;
}

// Letters of an address as bytes of ASCII read as themselves, and no other byte as "@".
bool shows_ascii(const std::string &charset) {
  const std::string letters = "ABCXYZabcxyz0189.-_";
  if (converted(charset, "UTF-8", letters) != letters)
    return false;
  for (int byte = 1; byte < 256; byte++) {
    auto read = converted(charset, "UTF-8", std::string(1, static_cast<char>(byte)));
    if (byte != '@' && read && read->find('@') != std::string::npos)
      return false;
  }
  return true;
}

} // namespace

TEST_GROUP(CharsetOfAName){};

TEST(CharsetOfAName, WhatIconvKnowsIsKnown) {
  std::size_t checked = 0;
  std::string faults;
  for (const std::string &name : names_of_iconv()) {
    if (!converted(name, "UTF-8", "").has_value())
      continue;
    checked++;
    Charset kind = charset_of(name);
    if (kind == Charset::unknown || (kind == Charset::plain && !shows_ascii(name)))
      faults += " " + name + (kind == Charset::plain ? " (hides)" : "");
    for (const char *at : {"\uff20", "\ufe6b"}) {
      auto written = converted("UTF-8", name, std::string("a") + at + "b");
      // What is UTF-8 by another name is read as that.
      bool hidden = written && written->find(at) == std::string::npos;
      if (kind == Charset::plain && hidden && !has_wide_at(name, *written))
        faults += " " + name + " (" + at + ")";
    }
  }
  CHECK(checked > 50);
  STRCMP_EQUAL("", faults.c_str());
}

TEST(CharsetOfAName, WhatNobodyKnows) {
  for (const char *name : {"x-never-heard-of", "", "unknown-8bit", "default", "x-user-defined"})
    CHECK_TEXT(charset_of(name) == Charset::unknown, name);
}
