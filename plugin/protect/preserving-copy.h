// Copies in the three forms that Dovecot has of them, each with the original's
// protected content kept and read back before it is committed.
#ifndef SMIME_PRESERVING_COPY_H
#define SMIME_PRESERVING_COPY_H

#include "plugin/protect/preserve.h"
#include "plugin/store/mailbox-context.h"
#include "plugin/store/record.h"

#include <functional>

namespace smime {

// Whether the mail is in no store yet: Dovecot keeps a message that is being delivered, or that a
// filter made, in a mailbox of its own whose storage is called "raw".
bool is_raw(const mail *source);

// Each copy returns what the copy vfunc returns: 0, or -1 with the storage's error
// set. With -1 nothing of the transaction can be committed any more.

// What was found at arrival; asked for when the message is written, and only if
// it is recorded. Its digest is filled in here.
using Arrival = std::function<ArrivalRecord()>;

// A delivery's save: source is what Sieve made of the original. Header fields in
// front are put before what is saved. unstorable: set if the copy failed since the storage
// does not keep the message, and would not in another try; says why.
int copy_preserving(MailboxContext *context, mail_save_context *save, mail *source,
                    const Original &original, const Arrival &arrival, const std::string &in_front,
                    std::string &unstorable) noexcept;

// A save that Sieve makes in an IMAP session; original is the mail that it is
// at work on, null if none is known.
int copy_edited(MailboxContext *context, mail_save_context *save, mail *source,
                mail *original) noexcept;

// COPY and MOVE of a stored mail.
int copy_stored(MailboxContext *context, mail_save_context *save, mail *source) noexcept;

} // namespace smime

#endif
