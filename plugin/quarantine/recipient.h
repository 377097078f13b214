// Whose a held message is, where one mailbox holds those of several users. No Dovecot header.
#ifndef SMIME_QUARANTINE_RECIPIENT_H
#define SMIME_QUARANTINE_RECIPIENT_H

#include "plugin/quarantine/block.h"
#include "plugin/rules/policy.h"
#include "plugin/rules/roles.h"

#include <string>

namespace smime {

// The user's full name; where the record has none (of an earlier version), the envelope's
// recipient.
const std::string &recipient_of(const QuarantineRecord &record);

// Whether it is this user's. Without the name in the record, the recipient's address or its
// local part has to be it: one who gets mail by another address is not known by that.
bool is_held_for(const QuarantineRecord &record, const std::string &user);

// Whether a release may give it to this user. A quarantine that is not central is the user's
// own: what has no name in its record is his there.
bool may_be_given_to(const QuarantineRecord &record, const std::string &user, bool central);

// What the rule that held it lets its recipient do (recipient=); nothing where no rule says so.
RecipientMay may_of_recipient(const QuarantineRecord &record);

// What the user may do with it as its recipient. None: it is another's, or the rule gives him
// nothing, and for him it is not held.
Acts acts_of_recipient(const QuarantineRecord &record, const std::string &user, bool central);

} // namespace smime

#endif
