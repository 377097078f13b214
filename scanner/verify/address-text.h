// Addresses in any text: what a reader takes for one.
#ifndef SMIME_ADDRESS_TEXT_H
#define SMIME_ADDRESS_TEXT_H

#include <cstring>
#include <string>
#include <string_view>

namespace smime {

inline bool is_word_end(char c) {
  return static_cast<unsigned char>(c) <= ' ' || std::strchr("<>()[]\",;:|", c) != nullptr;
}

// Calls take for each word of text that reads as an address. A word is looked at once, however
// many "@" are in it.
template <typename Take> void for_each_address(std::string_view text, Take take) {
  for (auto at = text.find('@'); at != std::string_view::npos;) {
    std::size_t start = at;
    std::size_t end = at + 1;
    while (start > 0 && !is_word_end(text[start - 1]))
      start--;
    while (end < text.size() && !is_word_end(text[end]))
      end++;
    std::string_view word = text.substr(start, end - start);
    at = text.find('@', end);
    while (word.starts_with('\''))
      word.remove_prefix(1);
    while (word.ends_with('\''))
      word.remove_suffix(1);
    auto mark = word.find('@', 1);
    if (mark != std::string_view::npos && word.find('.', mark) != std::string_view::npos)
      take(std::string(word));
  }
}

} // namespace smime

#endif
