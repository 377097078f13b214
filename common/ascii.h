// ASCII letters without regard to their case, and the same bytes seen as text or as bytes.
// Unlike the functions of <cctype>, these do not ask for the locale, and they leave bytes of
// 0x80 and above as they are.
#ifndef SMIME_ASCII_H
#define SMIME_ASCII_H

#include "common/byte-sink.h"

#include <algorithm>
#include <string>
#include <string_view>

namespace smime {

constexpr char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

inline std::string lower(std::string_view text) {
  std::string result(text);
  for (char &c : result)
    c = lower(c);
  return result;
}

inline bool equals_ignoring_case(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return lower(x) == lower(y); });
}

inline bool begins_ignoring_case(std::string_view text, std::string_view beginning) {
  return equals_ignoring_case(text.substr(0, beginning.size()), beginning);
}

inline std::string_view as_text(Bytes bytes) {
  return {reinterpret_cast<const char *>(bytes.data()), bytes.size()};
}

inline Bytes as_bytes(std::string_view text) {
  return {reinterpret_cast<const unsigned char *>(text.data()), text.size()};
}

} // namespace smime

#endif
