// How a save ends that is not made: refused, or given up in the middle.
#ifndef SMIME_SAVE_FRAME_H
#define SMIME_SAVE_FRAME_H

#include "plugin/store/mailbox-context.h"

#include <optional>
#include <string>

namespace smime {

// Ends a save before anything was written, with the storage's error set. Returns -1, as the
// vfunc that was asked for the save does.
int refuse_save(mail_save_context *save, mail_error code, const std::string &text);

// Ends a save of the transaction at whatever point it is: nothing of that can be committed any
// more. Returns -1.
int give_up_save(MailboxContext *context, mail_save_context *save,
                 mailbox_transaction_context *transaction) noexcept;

// Runs what makes a save, or decides that there is none. body returns what the vfunc returns,
// or nullopt if the caller is to go on; an exception (nothing but a lack of memory is
// expected) gives the save up.
template <typename Body>
std::optional<int> in_save_frame(MailboxContext *context, mail_save_context *save, const char *what,
                                 Body body) noexcept {
  using Done = std::optional<int>;
  mailbox_transaction_context *transaction = save->transaction;
  auto done =
      guarded(what, std::optional<Done>(), [&] { return std::optional<Done>(Done(body())); });
  return done ? *done : Done(give_up_save(context, save, transaction));
}

} // namespace smime

#endif
