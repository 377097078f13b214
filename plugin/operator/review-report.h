// Mail that we write ourselves: the reviewers' digest and the notice to a sender.
// No Dovecot header.
#ifndef SMIME_REVIEW_REPORT_H
#define SMIME_REVIEW_REPORT_H

#include "plugin/quarantine/block.h"

#include <string>
#include <vector>

namespace smime {

// What every such mail has.
struct MailHead {
  // Addresses without angle brackets.
  std::string from;
  std::string to;
  // RFC 5322 date.
  std::string date;
  // Of the server; also makes the Message-ID.
  std::string hostname;
  // Makes Message-ID and boundary unique: letters and digits.
  std::string unique;
};

// A message that its recipient asks for.
struct RequestedItem {
  QuarantineRecord record;
  std::string who;
  // RFC 3339; empty: not known.
  std::string when;
  std::string why;
};

struct UserDigest {
  std::string user;
  // All that is held.
  std::size_t count = 0;
  // Those since the digest's beginning, oldest first.
  std::vector<QuarantineRecord> recent;
  // All of them, oldest first.
  std::vector<RequestedItem> requested = {};
};

// Numbers for each user and the new items, as text and as HTML
// (multipart/alternative). since: RFC 3339. Every value is shown as plain text,
// whatever it has in it.
std::string format_digest(const MailHead &head, const std::vector<UserDigest> &users,
                          const std::string &since);

// The same for who asks at a terminal: numbers and new items, with LF line ends.
std::string digest_for_terminal(const std::vector<UserDigest> &users, const std::string &since);

// Up to which size the original's header goes back to the sender.
inline constexpr std::size_t max_returned_header = 32 * 1024;

// A delivery status notification (RFC 3464) that says that the message was not
// accepted. header: the original's, which goes along.
std::string format_rejection(const MailHead &head, const QuarantineRecord &record,
                             const std::string &reason, const std::string &header);

} // namespace smime

#endif
