// Reports on messages that have several recipients: each is a delivery of its own, of the same
// bytes.
#ifndef SMIME_RECENT_REPORTS_H
#define SMIME_RECENT_REPORTS_H

#include "common/report.h"
#include "common/sha256.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <ctime>
#include <optional>
#include <string>

namespace smime {

class RecentReports {
public:
  struct Key {
    Digest sha256{}; // of the message's bytes as they are
    std::uint64_t size = 0;
    std::string scanner; // the socket's path

    bool operator==(const Key &) const = default;
  };

  // Reports are as old as this, in seconds, at most: what is trusted and what engines know
  // changes.
  static constexpr std::time_t max_age = 60;

  // The scanner's report on the same bytes; null if there is none that may be used.
  const Report *find(const Key &key, std::time_t now) const;

  // asked: when the scanner was. Not one that says that an engine failed or a bound was met,
  // of which time is one: the next recipient's delivery asks again.
  void keep(Key key, const Report &report, std::time_t asked);

private:
  struct Kept {
    Key key;
    Report report;
    std::time_t time;
  };
  // The message as it came, and as the first recipient's mailbox has it, from which Dovecot
  // makes the others' copies.
  std::array<std::optional<Kept>, 2> kept_;
  std::size_t next_ = 0;
};

} // namespace smime

#endif
