// Character references of HTML and XML (&#100; &colon;) as the characters that they stand for,
// where these are ASCII: a browser reads them in attributes, and so in URLs.
#ifndef SMIME_CHARACTER_REFERENCES_H
#define SMIME_CHARACTER_REFERENCES_H

#include "common/ascii.h"
#include "common/byte-sink.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace smime {

class CharacterReferences {
public:
  // Gives what bytes mean to take, in pieces; what may be cut off is kept for the next call.
  template <typename Take> void decode(Bytes bytes, Take take);
  template <typename Take> void finish(Take take) {
    if (!text_.empty())
      take(as_bytes(text_));
    text_.clear();
  }

private:
  static char character(std::string_view reference);

  std::string text_; // from an ampersand on
};

template <typename Take> void CharacterReferences::decode(Bytes bytes, Take take) {
  // Longer than any that is decoded.
  constexpr std::size_t longest = 16;
  std::string_view piece = as_text(bytes);
  while (!piece.empty()) {
    if (text_.empty()) {
      std::size_t plain = std::min(piece.find('&'), piece.size());
      if (plain > 0)
        take(as_bytes(piece.substr(0, plain)));
      text_ = piece.substr(plain, 1);
      piece.remove_prefix(std::min(piece.size(), plain + 1));
      continue;
    }
    char c = piece.front();
    if (c != '&') {
      text_ += c;
      piece.remove_prefix(1);
    }
    char meant = c == ';' ? character(std::string_view(text_).substr(1)) : '\0';
    if (meant != '\0')
      text_.assign(1, meant);
    // It goes on as long as it may be one.
    bool goes_on = c == '#' || (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
    if (!goes_on || text_.size() > longest)
      finish(take);
  }
}

// reference: what stands between "&" and ";", with the latter. Zero if it is none of these.
inline char CharacterReferences::character(std::string_view reference) {
  static constexpr std::array<std::pair<std::string_view, char>, 14> names{{{"colon;", ':'},
                                                                            {"semi;", ';'},
                                                                            {"comma;", ','},
                                                                            {"sol;", '/'},
                                                                            {"plus;", '+'},
                                                                            {"equals;", '='},
                                                                            {"percnt;", '%'},
                                                                            {"period;", '.'},
                                                                            {"lowbar;", '_'},
                                                                            {"Tab;", '\t'},
                                                                            {"NewLine;", '\n'},
                                                                            {"amp;", '&'},
                                                                            {"quot;", '"'},
                                                                            {"apos;", '\''}}};
  const auto *named = std::find_if(names.begin(), names.end(),
                                   [&](const auto &name) { return name.first == reference; });
  if (named != names.end())
    return named->second;
  if (!reference.starts_with('#'))
    return '\0';
  bool is_hex = reference.size() > 1 && (reference[1] | 0x20) == 'x';
  reference.remove_prefix(is_hex ? 2 : 1);
  std::uint32_t number = 0;
  auto [end, error] = std::from_chars(reference.data(), reference.data() + reference.size(), number,
                                      is_hex ? 16 : 10);
  bool is_whole = error == std::errc() && end + 1 == reference.data() + reference.size();
  return is_whole && number < 0x80 ? static_cast<char>(number) : '\0';
}

} // namespace smime

#endif
