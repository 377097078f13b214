// Whose the messages of central quarantines are, as far as they were read: a command for many
// users reads each message for its user, and not once for every user. No Dovecot header.
#ifndef SMIME_QUARANTINE_KNOWN_RECIPIENTS_H
#define SMIME_QUARANTINE_KNOWN_RECIPIENTS_H

#include "plugin/quarantine/block.h"

#include <cstdint>
#include <map>
#include <string>
#include <utility>

namespace smime {

class KnownRecipients {
public:
  // mailbox: its GUID, since each user has the mailbox open for himself. Null: the message is
  // not held.
  void remember(const std::string &mailbox, std::uint32_t uid, const QuarantineRecord *record);

  // Whether the message was read before, and who looks for this user's messages, or for the one
  // with this id, may pass it over.
  bool is_of_no_use(const std::string &mailbox, std::uint32_t uid, const std::string &user,
                    const std::string &id) const;

private:
  // What tells whose it is; without an id: it is not held.
  struct Known {
    std::string id;
    std::string user;
    std::string to;
  };
  std::map<std::pair<std::string, std::uint32_t>, Known> messages_;
};

} // namespace smime

#endif
