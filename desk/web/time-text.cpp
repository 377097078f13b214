#include "desk/web/time-text.h"

#include "desk/web/visible.h"

#include <array>
#include <charconv>
#include <chrono>

namespace smime::desk {
namespace {

constexpr std::int64_t minute = 60;
constexpr std::int64_t hour = 60 * minute;
constexpr std::int64_t day = 24 * hour;
constexpr std::size_t time_size = 19;

bool read_number(std::string_view text, std::size_t at, std::size_t length, int &value) {
  const char *begin = text.data() + at;
  auto result = std::from_chars(begin, begin + length, value);
  return result.ec == std::errc() && result.ptr == begin + length && value >= 0;
}

} // namespace

std::optional<std::int64_t> seconds_of_time(std::string_view text) {
  int year;
  int month;
  int of_month;
  int hours;
  int minutes;
  int seconds;
  if (text.size() < time_size || text[4] != '-' || text[7] != '-' || text[13] != ':' ||
      text[16] != ':' || !read_number(text, 0, 4, year) || !read_number(text, 5, 2, month) ||
      !read_number(text, 8, 2, of_month) || !read_number(text, 11, 2, hours) ||
      !read_number(text, 14, 2, minutes) || !read_number(text, 17, 2, seconds))
    return std::nullopt;
  using namespace std::chrono;
  year_month_day date{std::chrono::year(year), std::chrono::month(static_cast<unsigned>(month)),
                      std::chrono::day(static_cast<unsigned>(of_month))};
  if (!date.ok())
    return std::nullopt;
  return static_cast<std::int64_t>(sys_days(date).time_since_epoch().count()) * desk::day +
         hours * hour + minutes * minute + seconds;
}

std::string full_time(std::string_view time) {
  if (!seconds_of_time(time))
    return visible_line(time);
  return std::string(time.substr(0, 10)) + " " + std::string(time.substr(11, 5)) + " UTC";
}

std::string relative_time(const Texts &texts, std::string_view time, std::int64_t now) {
  auto at = seconds_of_time(time);
  if (!at)
    return visible_line(time);
  std::int64_t past = now - *at;
  const char *direction = past < 0 ? "in_" : "ago_";
  auto distance = static_cast<std::uint64_t>(past < 0 ? -past : past);
  if (distance < static_cast<std::uint64_t>(minute))
    return texts.text("just_now");
  struct Unit {
    std::int64_t seconds;
    const char *name;
  };
  constexpr std::array<Unit, 2> units{{{day, "days"}, {hour, "hours"}}};
  for (const Unit &unit : units) {
    if (distance >= static_cast<std::uint64_t>(unit.seconds))
      return texts.count(std::string(direction) + unit.name,
                         distance / static_cast<std::uint64_t>(unit.seconds));
  }
  return texts.count(std::string(direction) + "minutes",
                     distance / static_cast<std::uint64_t>(minute));
}

std::string size_text(const Texts &texts, std::uint64_t size) {
  constexpr std::array<const char *, 4> units{"B", "kB", "MB", "GB"};
  std::size_t unit = 0;
  std::uint64_t tenths = size * 10;
  while (tenths >= 10000 && unit + 1 < units.size()) {
    tenths /= 1000;
    unit++;
  }
  std::string result = std::to_string(tenths / 10);
  if (unit > 0 && tenths < 100)
    result += texts.text("decimal_sign") + std::to_string(tenths % 10);
  return result + " " + units[unit];
}

} // namespace smime::desk
