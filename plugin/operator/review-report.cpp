#include "plugin/operator/review-report.h"

#include "common/safe-text.h"

namespace smime {
namespace {

std::string format_head(const MailHead &head, const std::string &subject,
                        const std::string &media_type) {
  return "Message-ID: <" + head.unique + "@" + header_ascii(head.hostname) +
         ">\r\nDate: " + head.date + "\r\nFrom: <" + header_ascii(head.from, max_header_address) +
         ">\r\nTo: <" + header_ascii(head.to, max_header_address) + ">\r\nSubject: " + subject +
         "\r\nAuto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\nContent-Type: " + media_type +
         ";\r\n boundary=\"" + head.unique + "\"\r\n\r\n";
}

std::string part(const MailHead &head, const std::string &media_type) {
  return "--" + head.unique + "\r\nContent-Type: " + media_type + "\r\n";
}

constexpr const char *eight_bit = "Content-Transfer-Encoding: 8bit\r\n\r\n";

std::string count_of(const UserDigest &user) {
  std::string text =
      std::to_string(user.count) + " held, " + std::to_string(user.recent.size()) + " new";
  if (!user.requested.empty())
    text += ", " + std::to_string(user.requested.size()) + " requested";
  return text;
}

// "by alice at 2026-11-30T10:00:00Z: why"
std::string request_text(const RequestedItem &item) {
  return "by " + item.who + (item.when.empty() ? "" : " at " + item.when) +
         (item.why.empty() ? "" : ": " + item.why);
}

// "Quarantine: 2 new, 5 held"
std::string title_of(const std::vector<UserDigest> &users) {
  std::size_t held = 0;
  std::size_t recent = 0;
  for (const UserDigest &user : users) {
    held += user.count;
    recent += user.recent.size();
  }
  return "Quarantine: " + std::to_string(recent) + " new, " + std::to_string(held) + " held";
}

std::string digest_text(const std::vector<UserDigest> &users, const std::string &since) {
  std::string text = "Quarantined mail, new since " + since + "\r\n";
  for (const UserDigest &user : users) {
    text += "\r\n" + mail_text(user.user) + ": " + count_of(user) + "\r\n";
    for (const RequestedItem &item : user.requested)
      text += "  " + item.record.id + "  requested\r\n    " + mail_text(request_text(item)) +
              "\r\n    from " + mail_text(item.record.from) + "\r\n";
    for (const QuarantineRecord &record : user.recent)
      text += "  " + record.id + "  " + mail_text(record.time) + "\r\n    from " +
              mail_text(record.from) + "\r\n    for mailbox " + mail_text(record.mailbox) +
              "\r\n    " + mail_text(record.reason) + "\r\n";
  }
  return text + "\r\nTo look at one:  doveadm smime quarantine show -u USER ID\r\n"
                "To release it:   doveadm smime quarantine release -u USER ID\r\n";
}

std::string digest_html(const std::vector<UserDigest> &users, const std::string &since) {
  std::string text =
      "<!DOCTYPE html>\r\n<html><body>\r\n<p>Quarantined mail, new since " + since + "</p>\r\n";
  for (const UserDigest &user : users) {
    text += "<h3>" + html_text(user.user) + ": " + count_of(user) + "</h3>\r\n";
    for (const RequestedItem &item : user.requested)
      text += "<p><code>" + item.record.id + "</code> requested\r\n" +
              html_text(request_text(item)) + ",\r\nfrom " + html_text(item.record.from) +
              "</p>\r\n";
    if (user.recent.empty())
      continue;
    text += "<table border=\"1\" cellpadding=\"4\">\r\n<tr><th>id</th><th>time</th><th>from</th>"
            "<th>mailbox</th><th>reason</th></tr>\r\n";
    for (const QuarantineRecord &record : user.recent)
      text += "<tr><td><code>" + record.id + "</code></td>\r\n<td>" + html_text(record.time) +
              "</td>\r\n<td>" + html_text(record.from) + "</td>\r\n<td>" +
              html_text(record.mailbox) + "</td>\r\n<td>" + html_text(record.reason) +
              "</td></tr>\r\n";
    text += "</table>\r\n";
  }
  return text + "</body></html>\r\n";
}

// The original's header as lines of ours: whole ones, of a length that a mail may have.
std::string returned_lines(const std::string &header) {
  std::string returned;
  std::size_t start = 0;
  for (std::size_t end; (end = header.find('\n', start)) != std::string::npos; start = end + 1) {
    std::string line = header.substr(start, end - start);
    if (line.ends_with('\r'))
      line.pop_back();
    line = header_line(line);
    if (returned.size() + line.size() + 2 > max_returned_header)
      break;
    returned += line + "\r\n";
  }
  return returned;
}

} // namespace

std::string format_digest(const MailHead &head, const std::vector<UserDigest> &users,
                          const std::string &since) {
  return format_head(head, title_of(users), "multipart/alternative") +
         part(head, "text/plain; charset=utf-8") + eight_bit + digest_text(users, since) + "\r\n" +
         part(head, "text/html; charset=utf-8") + eight_bit + digest_html(users, since) + "\r\n--" +
         head.unique + "--\r\n";
}

std::string digest_for_terminal(const std::vector<UserDigest> &users, const std::string &since) {
  std::string text = title_of(users) + "\n" + digest_text(users, since);
  std::erase(text, '\r');
  text.erase(text.find_last_not_of('\n') + 1);
  return text;
}

std::string format_rejection(const MailHead &head, const QuarantineRecord &record,
                             const std::string &reason, const std::string &header) {
  std::string returned = returned_lines(header);
  return format_head(head, "Your message was not accepted",
                     "multipart/report; report-type=delivery-status") +
         part(head, "text/plain; charset=utf-8") + eight_bit + "Your message to " +
         mail_text(record.to) + " was held for review and was not accepted:\r\n\r\n" +
         mail_text(reason) +
         "\r\n\r\nIt will not be delivered. The header of your message follows.\r\n\r\n" +
         part(head, "message/delivery-status") + "\r\nReporting-MTA: dns; " +
         header_ascii(head.hostname) + "\r\n\r\nFinal-Recipient: rfc822; " +
         header_ascii(record.to, max_header_address) +
         "\r\nAction: failed\r\nStatus: 5.7.1\r\n\r\n" + part(head, "text/rfc822-headers") +
         eight_bit + returned + "\r\n--" + head.unique + "--\r\n";
}

} // namespace smime
