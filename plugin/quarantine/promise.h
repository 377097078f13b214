// Until when a message is held, and what becomes of it then: what its rule said when it was held,
// or a reviewer later (quarantine hold).
// The record has the rule's text, so that a later change of the rules changes nothing of it. No
// Dovecot header.
#ifndef SMIME_QUARANTINE_PROMISE_H
#define SMIME_QUARANTINE_PROMISE_H

#include "plugin/quarantine/block.h"
#include "plugin/quarantine/requests.h"
#include "plugin/rules/policy.h"
#include "plugin/rules/roles.h"

#include <cstdint>
#include <optional>

namespace smime {

struct Promise {
  // Seconds since the epoch.
  std::int64_t until = 0;
  Then then{};
  // Seconds since the epoch at which the recipient is to be warned; nullopt: never.
  std::optional<std::int64_t> warn;

  bool is_due(std::int64_t now) const { return until <= now; }
  // What somebody must be allowed to do who does it.
  Act act() const;
};

// The rule by which it is held, as it was then; nullopt if no rule held it, or the record cannot be
// understood.
std::optional<Rule> rule_of(const QuarantineRecord &record);

// Nullopt: it is held until somebody decides. So it is where there is no rule.
std::optional<Promise> promise_of(const QuarantineRecord &record);
// The same where somebody has it held until a later time; 0: nobody has.
std::optional<Promise> promise_of(const QuarantineRecord &record, std::int64_t kept);
inline std::optional<Promise> promise_of(const QuarantineRecord &record, const RequestBook &book) {
  return promise_of(record, kept_until(book, record.id));
}

} // namespace smime

#endif
