// What waits in quarantines, what became of the rest, and by which rules and senders it came:
// counted from groups or rows of the register, and said as JSON. No Dovecot header.
#ifndef SMIME_QUARANTINE_OVERVIEW_H
#define SMIME_QUARANTINE_OVERVIEW_H

#include "plugin/register/pages.h"

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace smime {

class JsonWriter;

// Days of an overview, at most.
inline constexpr unsigned max_overview_days = 366;
// Rows that are counted one by one, at most.
inline constexpr std::size_t max_overview_rows = 200000;

class Overview {
public:
  // now: seconds since the epoch. The last day is today's, in UTC.
  Overview(std::int64_t now, unsigned days);

  // The beginning of the first day, seconds since the epoch.
  std::int64_t since() const { return first_day_ * seconds_of_day; }

  // Counts all that the register has. False with error set.
  bool count_all(const AskDatabase &ask, std::string &error);
  // Counts the rows that keep returns true of, among those of the filter's scopes.
  bool count_rows(const AskDatabase &ask, const RegisterFilter &filter,
                  const std::function<bool(const RegisterRow &)> &keep, std::string &error);

  // One object: waiting, by_reason, by_domain, days, senders, rules, truncated.
  std::string to_json() const;

private:
  static constexpr std::int64_t seconds_of_day = 86400;

  struct Waiting {
    std::uint64_t count = 0;
    std::int64_t oldest = 0;
    void add(std::uint64_t more, std::int64_t held);
  };
  // By the states of HeldState; of what is in the quarantine, those of "held".
  using Counts = std::array<std::uint64_t, 7>;

  bool count_part(const AskDatabase &ask, OverviewPart part, std::size_t limit, std::string &error);
  void add_group(OverviewPart part, const std::vector<std::string> &values);
  void add_row(const RegisterRow &row);
  Counts *day(std::int64_t number);
  void put_waiting(JsonWriter &json) const;
  void put_days(JsonWriter &json) const;
  void add_rule(const std::string &rule, HeldState state, std::uint64_t count);

  std::int64_t first_day_;
  std::vector<Counts> days_;
  std::map<std::pair<std::string, std::string>, Waiting> waiting_;
  std::map<std::string, std::uint64_t> senders_;
  // By the rule's name: how many were held is in the sum.
  std::map<std::string, Counts> rules_;
  bool truncated_ = false;
};

} // namespace smime

#endif
