#include "plugin/store/save-frame.h"

#include "plugin/dovecot/say.h"

namespace smime {

int refuse_save(mail_save_context *save, mail_error code, const std::string &text) {
  mail_storage *storage = save->transaction->box->storage;
  mailbox_save_cancel(&save);
  set_storage_error(storage, code, text);
  return -1;
}

int give_up_save(MailboxContext *context, mail_save_context *save,
                 mailbox_transaction_context *transaction) noexcept {
  if (save->unfinished)
    mailbox_save_cancel(&save);
  context->failed_transaction = transaction;
  set_critical(transaction->box, "a message was not saved (out of memory?)");
  return -1;
}

} // namespace smime
