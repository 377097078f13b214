#include "plugin/rules/address.h"

#include "common/ascii.h"

#include <cstddef>

namespace smime {
bool address_matches(std::string_view pattern, std::string_view address) {
  std::size_t p = 0;
  std::size_t a = 0;
  std::size_t star = std::string_view::npos;
  std::size_t star_end = 0;
  while (a < address.size() || p < pattern.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = ++p;
      star_end = a;
    } else if (p < pattern.size() && a < address.size() &&
               (pattern[p] == '?' || lower(pattern[p]) == lower(address[a]))) {
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

} // namespace smime
