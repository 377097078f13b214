// Out of the quarantine, back to a mailbox.
#ifndef SMIME_RELEASE_H
#define SMIME_RELEASE_H

#include "plugin/quarantine/quarantine.h"

namespace smime {

// Whether the message may be released to the user; false with error set if it was held for
// another. named: somebody said so, for this user and with the mailbox; that counts in a
// mailbox of the user's own, where the record may have a name that he had before.
bool may_go_to(mail_user *user, mail *quarantined, const QuarantineRecord &record, bool named,
               std::string &error);

// The quarantined message's stream, its digest checked; null with error set. It is the mail's.
istream *open_checked(mail *quarantined, const ParsedBlock &block, std::string &error);

// Saves the original bytes of a quarantined message into mailbox with its
// INTERNALDATE and keywords. The digest is checked first. On failure error is set
// and nothing was saved; otherwise the message may go out of the quarantine.
ReleaseResult release_message(mail_user *user, const Settings &settings, const std::string &mailbox,
                              mail *quarantined, const ParsedBlock &block, std::string &error);

// Hands the original to dovecot-lda, and so to the user's Sieve, as if it had
// just come. Which mailboxes it goes to, if any, is Sieve's decision.
ReleaseResult refilter_message(mail_user *user, mail *quarantined, const ParsedBlock &block,
                               std::string &error);

} // namespace smime

#endif
