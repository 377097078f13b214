#include "plugin/quarantine/filter.h"

#include "common/ascii.h"
#include "plugin/quarantine/recipient.h"
#include "plugin/register/row.h"
#include "plugin/rules/address.h"

namespace smime {

namespace {

// As in a rule: "!" in front negates.
bool is_from(std::string_view pattern, std::string_view address) {
  bool negated = pattern.starts_with('!');
  return address_matches(pattern.substr(negated ? 1 : 0), address) != negated;
}

bool is_to(std::string_view pattern, const QuarantineRecord &record) {
  bool negated = pattern.starts_with('!');
  std::string_view bare = pattern.substr(negated ? 1 : 0);
  bool found = address_matches(bare, record.to) || address_matches(bare, recipient_of(record));
  return found != negated;
}

bool has_part(std::string_view text, std::string_view part) {
  return lower(text).find(lower(part)) != std::string::npos;
}

} // namespace

bool QuarantineFilter::matches(const QuarantineRecord &record, const Report *report) const {
  // RFC 3339 in UTC sorts as it reads.
  return (!classes || (report != nullptr && classes->intersects(report->classes))) &&
         (!from || is_from(*from, record.from)) &&
         (!rule || record.rule.find(*rule) != std::string::npos) &&
         (!since || record.time >= format_time(*since)) &&
         (!before || record.time < format_time(*before)) &&
         (!held_for || recipient_of(record) == *held_for) && (!to || is_to(*to, record)) &&
         (!domain || recipient_domain(record.to) == lower(*domain)) &&
         (!reason || has_part(record.reason, *reason));
}

bool envelope_has(const QuarantineRecord &record, std::string_view part) {
  return has_part(record.from, part) || has_part(record.to, part);
}

std::string describe_recipients(const Report &report) {
  std::string text;
  for (const Recipient &recipient : report.recipients) {
    text += text.empty() ? "" : "; ";
    if (recipient.issuer.empty())
      text += "key " + recipient.key_id;
    else
      text += recipient.issuer + " " + recipient.serial;
    if (!recipient.key_encryption.empty())
      text += " (" + recipient.key_encryption + ")";
  }
  if (report.recipient_count > report.recipients.size())
    text += "; and " + std::to_string(report.recipient_count - report.recipients.size()) + " more";
  return text;
}

} // namespace smime
