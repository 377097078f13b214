// Out of the quarantine, back to a mailbox.
#ifndef SMIME_RELEASE_H
#define SMIME_RELEASE_H

#include "quarantine.h"

namespace smime {

// Saves the original bytes of a quarantined message into mailbox with its
// INTERNALDATE and keywords. The digest is checked first. On failure error is set
// and nothing was saved; otherwise the message may go out of the quarantine.
ReleaseResult release_message(mail_user *user, const Settings &settings,
                              const std::string &mailbox, mail *quarantined,
                              const ParsedBlock &block, std::string &error);

// Hands the original to dovecot-lda, and so to the user's Sieve, as if it had
// just come. Which mailboxes it goes to, if any, is Sieve's decision.
ReleaseResult refilter_message(mail_user *user, mail *quarantined, const ParsedBlock &block,
                               std::string &error);

} // namespace smime

#endif
