#include "plugin/rules/notice-interval.h"

#include <charconv>
#include <ctime>

namespace smime {
namespace {

constexpr std::int64_t minute = 60;
constexpr std::int64_t day = 24 * 3600;

std::optional<unsigned> number_of(std::string_view digits) {
  unsigned number = 0;
  auto [rest, failure] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (failure != std::errc() || rest != digits.data() + digits.size())
    return std::nullopt;
  return number;
}

// "07:00"
std::optional<NoticeInterval> parse_daily(std::string_view text) {
  if (text.size() != 5 || text[2] != ':')
    return std::nullopt;
  auto hour = number_of(text.substr(0, 2));
  auto minutes = number_of(text.substr(3));
  if (!hour || !minutes || *hour > 23 || *minutes > 59)
    return std::nullopt;
  return NoticeInterval{0, *hour * 60 + *minutes};
}

// The time of day on the day of the message's, or on one of the next ones.
std::int64_t daily_time(unsigned minute_of_day, std::int64_t held, int days) {
  std::time_t time = held;
  std::tm local{};
  (void)localtime_r(&time, &local);
  local.tm_mday += days;
  local.tm_hour = static_cast<int>(minute_of_day / 60);
  local.tm_min = static_cast<int>(minute_of_day % 60);
  local.tm_sec = 0;
  local.tm_isdst = -1;
  return mktime(&local);
}

} // namespace

std::optional<NoticeInterval> parse_notice_interval(std::string_view text) {
  constexpr std::string_view daily = "daily ";
  if (text.starts_with(daily))
    return parse_daily(text.substr(daily.size()));
  std::int64_t unit = text.ends_with('m') ? minute : text.ends_with('h') ? 60 * minute : 0;
  auto number = unit == 0 ? std::nullopt : number_of(text.substr(0, text.size() - 1));
  if (!number || *number == 0 || *number > day / unit)
    return std::nullopt;
  return NoticeInterval{*number * unit, 0};
}

std::int64_t due_time(const NoticeInterval &interval, std::int64_t held) {
  if (interval.seconds > 0)
    return (held / interval.seconds + 1) * interval.seconds;
  std::int64_t due = 0;
  for (int days = 0; due <= held && days < 3; days++)
    due = daily_time(interval.minute_of_day, held, days);
  return due;
}

} // namespace smime
