// Out of the quarantine, back to a mailbox.
#ifndef SMIME_RELEASE_H
#define SMIME_RELEASE_H

#include "quarantine.h"

namespace smime {

// Saves the original bytes of the message with this id into mailbox (empty: the
// one it was going to) with its INTERNALDATE and keywords, then takes it out of
// the quarantine. The digest is checked first. On failure error is set and the
// message is still in the quarantine. record is filled in when found.
ReleaseResult release_from_quarantine(mail_user *user, const Settings &settings,
                                      const std::string &id, const std::string &mailbox,
                                      QuarantineRecord &record, std::string &error);

} // namespace smime

#endif
