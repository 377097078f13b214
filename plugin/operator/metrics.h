// The text that doveadm smime metrics prints: OpenMetrics, which is Prometheus' text format as
// well, so that the textfile collector of its node_exporter takes it. No Dovecot header.
#ifndef SMIME_OPERATOR_METRICS_H
#define SMIME_OPERATOR_METRICS_H

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace smime {

// Held messages of one kind; times are seconds since the epoch, 0 where there is none.
struct HeldCount {
  std::uint64_t held = 0;
  std::uint64_t requested = 0;
  // When the oldest of those was held on which nobody waits, and when the oldest request was made.
  std::int64_t oldest_held = 0;
  std::int64_t oldest_request = 0;

  std::uint64_t all() const { return held + requested; }
  void add(const HeldCount &other);
};

// How many values a label has at most. Each is a time series for ever, and domains are as many as
// there are users.
inline constexpr std::size_t max_label_values = 20;
// What stands for the rest, and for no value.
inline constexpr const char *other_label = "other";
inline constexpr const char *no_label = "none";
// Bytes of a label's value.
inline constexpr std::size_t max_label_size = 100;

// Counts by a label's value, which anybody may have written: made harmless and cut, after which
// those that are the same are one.
class HeldCounts {
public:
  void add(std::string_view value, const HeldCount &count);
  // What is in none of the values.
  void add_rest(const HeldCount &count);
  // The values with most messages, at most so many, and the rest as one.
  std::map<std::string, HeldCount> top(std::size_t most = max_label_values) const;

private:
  std::map<std::string, HeldCount> counts_;
};

struct MetricsFacts {
  // Not set: the register that knows did not answer.
  std::optional<HeldCount> all;
  HeldCounts by_reason;
  HeldCounts by_domain;
  // Notices that are due and not sent. Not set: the mailboxes were not asked, which alone know.
  std::optional<std::uint64_t> notices_due;
  // Users whose mailboxes could not be looked into; not set: none was asked.
  std::optional<std::uint64_t> users_failed;

  bool has_register = false;
  bool register_up = false;
  // Not set: the spool cannot be read.
  std::optional<std::uint64_t> spool_rows;
  std::uint64_t spool_refused = 0;
  // When the oldest row that waits was written; 0: none does.
  std::int64_t spool_oldest = 0;
};

std::string format_metrics(const MetricsFacts &facts, std::int64_t now);

} // namespace smime

#endif
