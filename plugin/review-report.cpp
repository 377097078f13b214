#include "review-report.h"

#include <algorithm>

namespace smime {
namespace {

constexpr std::size_t max_shown = 200;

// The length of the UTF-8 sequence that text begins with; 0 if it is none
// (RFC 3629; overlong forms and surrogates are not told apart from others by
// mail readers, so length and continuation bytes are what counts here).
std::size_t utf8_length(std::string_view text) {
  auto first = static_cast<unsigned char>(text[0]);
  std::size_t length = first < 0x80 ? 1 : first >= 0xc2 && first < 0xe0 ? 2
                       : first >= 0xe0 && first < 0xf0                  ? 3
                       : first >= 0xf0 && first < 0xf5                  ? 4
                                                                        : 0;
  if (length > text.size())
    return 0;
  for (std::size_t i = 1; i < length; i++) {
    if ((static_cast<unsigned char>(text[i]) & 0xc0) != 0x80)
      return 0;
  }
  return length;
}

// One line of valid UTF-8 that is short enough for a mail.
std::string shown(std::string_view value) {
  std::string result;
  while (!value.empty() && result.size() < max_shown) {
    std::size_t length = utf8_length(value);
    auto first = static_cast<unsigned char>(value[0]);
    if (length == 0 || first < 0x20 || first == 0x7f)
      result += '?';
    else
      result += value.substr(0, length);
    value.remove_prefix(std::max<std::size_t>(length, 1));
  }
  return value.empty() ? result : result + "...";
}

std::string html(std::string_view value) {
  std::string result;
  for (char c : shown(value)) {
    switch (c) {
    case '&': result += "&amp;"; break;
    case '<': result += "&lt;"; break;
    case '>': result += "&gt;"; break;
    case '"': result += "&quot;"; break;
    default: result += c;
    }
  }
  return result;
}

// What may stand in a header field.
std::string ascii(std::string_view value) {
  std::string result;
  for (char c : value.substr(0, max_shown))
    result += static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) > 0x7e ? '?' : c;
  return result;
}

std::string format_head(const MailHead &head, const std::string &subject,
                        const std::string &media_type) {
  return "Message-ID: <" + head.unique + "@" + ascii(head.hostname) + ">\r\nDate: " + head.date +
         "\r\nFrom: <" + ascii(head.from) + ">\r\nTo: <" + ascii(head.to) +
         ">\r\nSubject: " + subject +
         "\r\nAuto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\nContent-Type: " + media_type +
         ";\r\n boundary=\"" + head.unique + "\"\r\n\r\n";
}

std::string part(const MailHead &head, const std::string &media_type) {
  return "--" + head.unique + "\r\nContent-Type: " + media_type + "\r\n";
}

constexpr const char *eight_bit = "Content-Transfer-Encoding: 8bit\r\n\r\n";

std::string count_of(const UserDigest &user) {
  return std::to_string(user.count) + " held, " + std::to_string(user.recent.size()) + " new";
}

std::string digest_text(const std::vector<UserDigest> &users, const std::string &since) {
  std::string text = "Quarantined mail, new since " + since + "\r\n";
  for (const UserDigest &user : users) {
    text += "\r\n" + shown(user.user) + ": " + count_of(user) + "\r\n";
    for (const QuarantineRecord &record : user.recent)
      text += "  " + record.id + "  " + record.time + "\r\n    from " + shown(record.from) +
              "\r\n    for mailbox " + shown(record.mailbox) + "\r\n    " + shown(record.reason) +
              "\r\n";
  }
  return text + "\r\nTo look at one:  doveadm smime quarantine show -u USER ID\r\n"
                "To release it:   doveadm smime quarantine release -u USER ID\r\n";
}

std::string digest_html(const std::vector<UserDigest> &users, const std::string &since) {
  std::string text = "<!DOCTYPE html>\r\n<html><body>\r\n<p>Quarantined mail, new since " + since +
                     "</p>\r\n";
  for (const UserDigest &user : users) {
    text += "<h3>" + html(user.user) + ": " + count_of(user) + "</h3>\r\n";
    if (user.recent.empty())
      continue;
    text += "<table border=\"1\" cellpadding=\"4\">\r\n<tr><th>id</th><th>time</th><th>from</th>"
            "<th>mailbox</th><th>reason</th></tr>\r\n";
    for (const QuarantineRecord &record : user.recent)
      text += "<tr><td><code>" + record.id + "</code></td>\r\n<td>" + html(record.time) +
              "</td>\r\n<td>" + html(record.from) + "</td>\r\n<td>" + html(record.mailbox) +
              "</td>\r\n<td>" + html(record.reason) + "</td></tr>\r\n";
    text += "</table>\r\n";
  }
  return text + "</body></html>\r\n";
}

} // namespace

std::string format_digest(const MailHead &head, const std::vector<UserDigest> &users,
                          const std::string &since) {
  std::size_t held = 0;
  std::size_t recent = 0;
  for (const UserDigest &user : users) {
    held += user.count;
    recent += user.recent.size();
  }
  return format_head(head,
                     "Quarantine: " + std::to_string(recent) + " new, " + std::to_string(held) +
                         " held",
                     "multipart/alternative") +
         part(head, "text/plain; charset=utf-8") + eight_bit + digest_text(users, since) + "\r\n" +
         part(head, "text/html; charset=utf-8") + eight_bit + digest_html(users, since) + "\r\n--" +
         head.unique + "--\r\n";
}

std::string format_rejection(const MailHead &head, const QuarantineRecord &record,
                             const std::string &reason, const std::string &header) {
  std::string returned = header.substr(0, max_returned_header);
  // Whole lines only.
  returned.resize(returned.rfind('\n') == std::string::npos ? 0 : returned.rfind('\n') + 1);
  return format_head(head, "Your message was not accepted",
                     "multipart/report; report-type=delivery-status") +
         part(head, "text/plain; charset=utf-8") + eight_bit +
         "Your message to " + shown(record.to) + " was held for review and was not accepted:\r\n\r\n" +
         shown(reason) + "\r\n\r\nIt will not be delivered. The header of your message follows.\r\n\r\n" +
         part(head, "message/delivery-status") + "\r\nReporting-MTA: dns; " + ascii(head.hostname) +
         "\r\n\r\nFinal-Recipient: rfc822; " + ascii(record.to) +
         "\r\nAction: failed\r\nStatus: 5.7.1\r\n\r\n" + part(head, "text/rfc822-headers") +
         eight_bit + returned + "\r\n--" + head.unique + "--\r\n";
}

} // namespace smime
