#include "desk/web/visible.h"

#include "common/safe-text.h"

#include <algorithm>

namespace smime::desk {
namespace {

constexpr std::string_view joiner_start = "\xe2\x80";
constexpr std::size_t joiner_size = 3;

bool is_joiner(std::string_view text, std::size_t at) {
  return text.substr(at, 2) == joiner_start && at + 2 < text.size() &&
         (text[at + 2] == '\x8c' || text[at + 2] == '\x8d');
}

bool is_ascii(char c) { return static_cast<unsigned char>(c) < 0x80; }

bool is_continuation(char c) { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; }

// Whether a character is no ASCII, and seen as it is.
bool is_letter(std::string_view character) {
  return !character.empty() && !is_ascii(character[0]) && terminal_text(character) == character;
}

std::string_view character_before(std::string_view text, std::size_t at) {
  std::size_t begin = at;
  while (begin > 0) {
    begin--;
    if (!is_continuation(text[begin]))
      break;
  }
  return text.substr(begin, at - begin);
}

std::string_view character_at(std::string_view text, std::size_t at) {
  std::size_t end = std::min(at + 1, text.size());
  while (end < text.size() && is_continuation(text[end]))
    end++;
  return text.substr(at, end - at);
}

// At a joiner: whether what it joins are letters that are seen. A joiner itself is none.
bool joins(std::string_view text, std::size_t at) {
  return is_letter(character_before(text, at)) && is_letter(character_at(text, at + joiner_size));
}

} // namespace

std::string visible_line(std::string_view text) {
  std::string result;
  std::size_t begin = 0;
  for (std::size_t at = text.find(joiner_start); at != std::string_view::npos;
       at = text.find(joiner_start, at + 1)) {
    if (!is_joiner(text, at) || !joins(text, at))
      continue;
    result += terminal_text(text.substr(begin, at - begin));
    result += text.substr(at, joiner_size);
    begin = at + joiner_size;
  }
  return result + terminal_text(text.substr(begin));
}

std::string visible_lines(std::string_view text) { return terminal_lines(text); }

std::string shortened(std::string_view text, std::size_t most) {
  std::size_t characters = 0;
  for (std::size_t at = 0; at < text.size(); at++) {
    if (is_continuation(text[at]))
      continue;
    if (characters == most)
      return std::string(text.substr(0, at)) + "…";
    characters++;
  }
  return std::string(text);
}

} // namespace smime::desk
