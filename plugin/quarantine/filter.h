// Which quarantined messages a reviewer asks for. No Dovecot header.
#ifndef SMIME_QUARANTINE_FILTER_H
#define SMIME_QUARANTINE_FILTER_H

#include "common/report.h"
#include "plugin/quarantine/block.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace smime {

// A condition that is not set holds for every message.
struct QuarantineFilter {
  std::optional<ClassSet> classes;
  // A pattern as in the rule key from.
  std::optional<std::string> from;
  // A part of the rule as recorded: "smime_rule3", "action=quarantine".
  std::optional<std::string> rule;
  // Seconds since the epoch.
  std::optional<std::int64_t> since;
  std::optional<std::int64_t> before;
  // A user's full name.
  std::optional<std::string> held_for;
  // A pattern, "!" in front negates: of the envelope's recipient or the user's name.
  std::optional<std::string> to;
  // The recipient's.
  std::optional<std::string> domain;
  // A part of the recorded reason, in whatever case.
  std::optional<std::string> reason;
  // A part of the subject, which is in the message and not in its record: subject_has().
  std::optional<std::string> subject;
  // A part of the subject, or of an address of the envelope: envelope_has().
  std::optional<std::string> text;

  bool empty() const {
    return !classes && !from && !rule && !since && !before && !held_for && !to && !domain &&
           !reason && !subject && !text;
  }

  // All conditions but those that the subject has to do with. report: the record's own; null if it
  // cannot be read, which no class matches.
  bool matches(const QuarantineRecord &record, const Report *report) const;
};

// Whether the sender or the recipient has the part, in whatever case.
bool envelope_has(const QuarantineRecord &record, std::string_view part);

// "CN=X 12AB (rsaEncryption); key 34CD", with how many more there are: to whom a
// message is encrypted.
std::string describe_recipients(const Report &report);

} // namespace smime

#endif
