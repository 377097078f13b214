#include "plugin/rules/address.h"

#include "common/ascii.h"

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

} // namespace

bool address_matches(std::string_view pattern, std::string_view address) {
  return matches(pattern, address, equal_letter);
}

bool name_matches(std::string_view pattern, std::string_view name) {
  return matches(pattern, name, same_letter);
}

} // namespace smime
