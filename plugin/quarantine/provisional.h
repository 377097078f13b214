// What a delivery holds is provisional until the delivery has succeeded: only then was its
// sender told, or is told next, that it has the message. A refusal for good takes back what is
// provisional, whichever try held it and for whichever mailbox, and nothing else: no copy that
// a sender was told of is taken from its recipient.
#ifndef SMIME_QUARANTINE_PROVISIONAL_H
#define SMIME_QUARANTINE_PROVISIONAL_H

#include "plugin/dovecot/compat.h"
#include "plugin/quarantine/block.h"

#include <functional>
#include <set>
#include <string>
#include <vector>

namespace smime {

// Has all messages with these identities held for good. False with error set unless each of
// them is there, and that is on disk. box is open.
bool hold_for_good(mailbox *box, const std::set<std::string> &identities, std::string &error);

// Whether anything in the open box is provisional; false with error set if that cannot be told.
bool look_for_provisional(mailbox *box, bool &any, std::string &error);

// Takes out of the open box what has this provisional mark, and what has one of these
// identities, and lists the records. False with error set if that is not on disk.
bool take_back_provisional(mailbox *box, const std::string &mark,
                           const std::set<std::string> &identities,
                           std::vector<QuarantineRecord> &taken, std::string &error);

} // namespace smime

#endif
