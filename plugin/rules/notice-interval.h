// When notices go out. No Dovecot header.
#ifndef SMIME_NOTICE_INTERVAL_H
#define SMIME_NOTICE_INTERVAL_H

#include <cstdint>
#include <optional>
#include <string_view>

namespace smime {

// Times at which a user is told of what was held before: every so many seconds, or once a day by
// the clock of the machine.
struct NoticeInterval {
  // 0: daily.
  std::int64_t seconds = 0;
  unsigned minute_of_day = 0;
};

// "15m", "1h" (of one minute to a day), "daily 07:00"; nullopt if it is neither.
std::optional<NoticeInterval> parse_notice_interval(std::string_view text);

// The first such time behind the one at which a message was held, in seconds since the epoch.
// What is held between two of them is told in one mail.
std::int64_t due_time(const NoticeInterval &interval, std::int64_t held);

} // namespace smime

#endif
