// Review over IMAP: what a reviewer copies or moves out of the quarantine is
// released.
#ifndef SMIME_REVIEW_H
#define SMIME_REVIEW_H

#include "plugin/store/mailbox-context.h"

#include <optional>

namespace smime {

// Copies the original behind the block of a quarantined message, its digest
// checked. Returns what the copy vfunc returns; nullopt if this is no release
// (source is not in the quarantine or carries no record).
std::optional<int> copy_out_of_quarantine(MailboxContext *context, mail_save_context *save,
                                          mail *source);

// A mail client gets the content of a message of the quarantine, in this stream, whose position
// stays: that is told once for each message and session.
void note_look(mail *quarantined, istream *stored);

// Whether the session may expunge a message of the quarantine: a reviewer whose role has no
// "delete" takes out what was released, and no more.
bool may_expunge(mail *quarantined);

// A mail client expunges a message of the quarantine: that is told when it is
// done, unless a MOVE does it, which was told as a release.
void note_expunge(mail *quarantined);

} // namespace smime

#endif
