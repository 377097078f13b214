// A delivery is written while the scanner is still at work on it, and committed
// only as its report says. Hides the scanner's time behind the disk's.
#ifndef SMIME_EARLY_SAVE_H
#define SMIME_EARLY_SAVE_H

#include "plugin/settings/user-context.h"
#include "plugin/store/mailbox-context.h"

#include <optional>

namespace smime {

// Writes the message and then waits for its report. If that wants something else
// than was written, a second transaction takes the first one's place, in which
// the message is saved, diverted or refused as ever. Returns what the copy vfunc
// returns, or nullopt if the report has to come first: nothing was done then.
std::optional<int> save_early(MailboxContext *context, UserContext *user, mail_save_context *save,
                              mail *source) noexcept;

// Whether another transaction takes this one's place.
bool is_replaced(const MailboxContext *context, const mailbox_transaction_context *transaction);
// Commits that one, and rolls this one back; returns what the vfunc returns.
int commit_replacing(MailboxContext *context, mailbox_transaction_context *transaction,
                     mail_transaction_commit_changes *changes_r) noexcept;
// Rolls both back.
void rollback_replaced(MailboxContext *context, mailbox_transaction_context *transaction) noexcept;

} // namespace smime

#endif
