// Whether a message is in the quarantine already.
#ifndef SMIME_QUARANTINE_FIND_HELD_H
#define SMIME_QUARANTINE_FIND_HELD_H

#include "plugin/dovecot/compat.h"
#include "plugin/quarantine/block.h"

#include <optional>
#include <string>

namespace smime {

// Looks for a message with this identity whose original is whole; false with error set if
// that cannot be told. found: its record, if there is one. With for_good, the one that is
// found stays held whatever becomes of its delivery. box is open, and is synchronised here.
bool look_for_held(mailbox *box, const std::string &identity, bool for_good,
                   std::optional<QuarantineRecord> &found, std::string &error);

} // namespace smime

#endif
