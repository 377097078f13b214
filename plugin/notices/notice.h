// The mail that tells somebody what is held for him. No Dovecot header.
#ifndef SMIME_NOTICES_NOTICE_H
#define SMIME_NOTICES_NOTICE_H

#include "plugin/notices/texts.h"
#include "plugin/rules/policy.h"

#include <optional>
#include <string>
#include <vector>

namespace smime {

// One held message. Every text may be the sender's, and have any bytes in it.
struct NoticeMessage {
  std::string id;
  // RFC 3339, UTC.
  std::string time;
  // The header's From as it is shown, the envelope's sender and recipient.
  std::string from;
  std::string sender;
  std::string to;
  std::string subject;
  // The rule's own reason, if it has one.
  std::string reason;
  // What the recipient may follow to see more or to ask; ours. Empty: there is nothing.
  std::string link;
  // What he may do by himself.
  RecipientMay may{};
  // RFC 3339, UTC: until when it is held, and what becomes of it then. Empty: until somebody
  // decides.
  std::string until;
  Then then{};
  // With a decision: what was decided, nullopt where that is not known.
  std::optional<Then> decided;
  std::optional<Report> report;
};

// That messages are held, that their time is nearly over, and what became of those that he asked
// for. The others are mail that goes out: to an address that a rule names, and to a sender.
enum class NoticeKind : std::uint8_t { held, warning, decision, others, sender };

struct Notice {
  // Addresses without angle brackets.
  std::string from;
  std::string to;
  // Whose messages these are.
  std::string user;
  // RFC 5322 date.
  std::string date;
  std::string hostname;
  std::vector<NoticeMessage> messages;
  NoticeKind kind = NoticeKind::held;
};

// So many are listed, the oldest; of the others the number is said.
inline constexpr std::size_t max_listed = 50;

// 32 hexadecimal digits, the same for the same kind, user and last message, and in mail that goes
// out for the same address: by them a notice that
// is written once more is found to be there already. There is a message.
std::string notice_id(const Notice &notice);

// The whole mail with CR LF line ends, of ASCII. It has the Message-ID
// "<NOTICE_ID.notice@HOSTNAME>", in mail that goes out "<NOTICE_ID.others@HOSTNAME>", and the same
// bytes if it is written again with the same date.
std::string format_notice(const NoticeTexts &texts, const Notice &notice);

} // namespace smime

#endif
