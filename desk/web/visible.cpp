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

// At a joiner: whether what it joins is no ASCII, and no joiner either.
bool joins(std::string_view text, std::size_t at) {
  std::size_t behind = at + joiner_size;
  return at > 0 && behind < text.size() && !is_ascii(text[at - 1]) && !is_ascii(text[behind]) &&
         !is_joiner(text, behind) && !(at >= joiner_size && is_joiner(text, at - joiner_size));
}

bool is_continuation(char c) { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; }

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
