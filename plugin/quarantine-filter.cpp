#include "quarantine-filter.h"

#include "address.h"

namespace smime {

bool QuarantineFilter::matches(const QuarantineRecord &record, const Report *report) const {
  // RFC 3339 in UTC sorts as it reads.
  return (!classes || (report != nullptr && classes->intersects(report->classes))) &&
         (!from || address_matches(*from, record.from)) &&
         (!rule || record.rule.find(*rule) != std::string::npos) &&
         (!since || record.time >= format_time(*since)) &&
         (!before || record.time < format_time(*before));
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
