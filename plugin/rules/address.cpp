#include "plugin/rules/address.h"

#include "common/ascii.h"

#include <algorithm>
#include <cstddef>

namespace smime {
namespace {

bool equal_letter(char a, char b) { return lower(a) == lower(b); }

bool same_letter(char a, char b) { return a == b; }

bool matches(std::string_view pattern, std::string_view address, bool (*equal)(char, char)) {
  std::size_t p = 0;
  std::size_t a = 0;
  std::size_t star = std::string_view::npos;
  std::size_t star_end = 0;
  while (a < address.size() || p < pattern.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = ++p;
      star_end = a;
    } else if (p < pattern.size() && a < address.size() &&
               (pattern[p] == '?' || equal(pattern[p], address[a]))) {
      p++;
      a++;
    } else if (star != std::string_view::npos && star_end < address.size()) {
      p = star;
      a = ++star_end;
    } else {
      return false;
    }
  }
  return true;
}

bool is_letter_or_digit(char c) {
  return (lower(c) >= 'a' && lower(c) <= 'z') || (c >= '0' && c <= '9');
}

// Of letters, digits and others, with single dots in between.
bool are_words(std::string_view text, std::string_view others) {
  return !text.empty() && text.front() != '.' && text.back() != '.' &&
         text.find("..") == std::string_view::npos &&
         std::all_of(text.begin(), text.end(), [others](char c) {
           return c == '.' || is_letter_or_digit(c) || others.find(c) != std::string_view::npos;
         });
}

} // namespace

bool address_matches(std::string_view pattern, std::string_view address) {
  return matches(pattern, address, equal_letter);
}

bool name_matches(std::string_view pattern, std::string_view name) {
  return matches(pattern, name, same_letter);
}

bool is_plain_address(std::string_view address) {
  std::size_t at = address.find('@');
  if (at == std::string_view::npos || at > 64 || address.size() > 254)
    return false;
  std::string_view local = address.substr(0, at);
  std::string_view domain = address.substr(at + 1);
  return are_words(local, "!#$%&'*+-/=?^_`{|}~") && are_words(domain, "-") && local[0] != '-';
}

} // namespace smime
