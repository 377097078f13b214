#include "plugin/quarantine/cursor.h"

#include "plugin/quarantine/block.h"

#include <charconv>
#include <string>

namespace smime {
namespace {

std::optional<std::int64_t> number_from_text(std::string_view text) {
  std::int64_t number = 0;
  auto [end, wrong] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (wrong != std::errc() || end != text.data() + text.size() || number < 0)
    return std::nullopt;
  return number;
}

} // namespace

std::optional<RegisterPosition> position_from_cursor(std::string_view cursor, RegisterSort sort) {
  auto first = cursor.find(' ');
  auto second = first == std::string_view::npos ? first : cursor.find(' ', first + 1);
  if (second == std::string_view::npos || sort == RegisterSort::user)
    return std::nullopt;
  bool by_size = sort == RegisterSort::smallest || sort == RegisterSort::largest;
  std::string key(cursor.substr(0, first));
  auto number = by_size ? number_from_text(key) : parse_time(key);
  RegisterPosition position;
  position.id = cursor.substr(first + 1, second - first - 1);
  position.user = cursor.substr(second + 1);
  if (!number || !is_quarantine_id(position.id) || position.user.empty())
    return std::nullopt;
  position.number = *number;
  return position;
}

} // namespace smime
