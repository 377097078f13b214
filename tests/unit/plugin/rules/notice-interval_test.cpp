#include "plugin/rules/notice-interval.h"

#include <CppUTest/TestHarness.h>
#include <cstdlib>
#include <ctime>

using namespace smime;

TEST_GROUP(NoticeInterval){void teardown() override{(void)unsetenv("TZ");
tzset();
}

std::int64_t due(const char *interval, std::int64_t held) {
  return due_time(parse_notice_interval(interval).value(), held);
}
void set_zone(const char *zone) {
  (void)setenv("TZ", zone, 1);
  tzset();
}
}
;

TEST(NoticeInterval, IsBetweenAMinuteAndADay) {
  CHECK_EQUAL(60, parse_notice_interval("1m")->seconds);
  CHECK_EQUAL(900, parse_notice_interval("15m")->seconds);
  CHECK_EQUAL(86400, parse_notice_interval("24h")->seconds);
  CHECK_EQUAL(7 * 60 + 30, parse_notice_interval("daily 07:30")->minute_of_day);
  for (const char *text :
       {"", "15", "m", "0m", "15s", "25h", "1441m", "-1m", "15m ", "1.5h", "daily", "daily 7:00",
        "daily 24:00", "daily 07:60", "daily 07:00 ", "daily ab:cd", "99999999999m"})
    CHECK_FALSE_TEXT(parse_notice_interval(text).has_value(), text);
}

TEST(NoticeInterval, GathersWhatIsHeldInOne) {
  CHECK_EQUAL(900, due("15m", 0));
  CHECK_EQUAL(900, due("15m", 899));
  CHECK_EQUAL(1800, due("15m", 900));
}

TEST(NoticeInterval, IsDailyByTheClock) {
  set_zone("UTC");
  // 2026-11-30 06:59:59, 07:00:00
  CHECK_EQUAL(1796022000, due("daily 07:00", 1796021999));
  CHECK_EQUAL(1796022000 + 86400, due("daily 07:00", 1796022000));
  set_zone("Europe/Berlin");
  CHECK_EQUAL(1796018400, due("daily 07:00", 1796018399));
  // The day on which clocks go back has 25 hours: 2026-10-25.
  CHECK_EQUAL(1792818000 + 25 * 3600, due("daily 07:00", 1792818000));
}
