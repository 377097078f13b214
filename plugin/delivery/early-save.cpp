#include "plugin/delivery/early-save.h"

#include "plugin/delivery/delivery.h"
#include "plugin/dovecot/say.h"
#include "plugin/protect/preserving-copy.h"
#include "plugin/store/keywords.h"
#include "plugin/store/save-frame.h"

#include <string_view>

namespace smime {
namespace {

// What the caller of a save said of it. Dovecot forgets it when the message is
// written.
struct CallerData {
  explicit CallerData(const mail_save_context *save)
      : flags(static_cast<mail_flags>(save->data.flags | save->data.pvt_flags)),
        keywords(keywords_of_save(save)), received_date(save->data.received_date),
        received_tz_offset(save->data.received_tz_offset), save_date(save->data.save_date),
        from_envelope(text(save->data.from_envelope)), guid(text(save->data.guid)) {}

  static std::string text(const char *value) { return value == nullptr ? "" : value; }

  void apply(mail_save_context *save) const {
    mailbox_save_set_flags(save, flags, nullptr);
    for (const std::string &keyword : keywords)
      add_keyword(save, keyword);
    if (received_date != static_cast<time_t>(-1))
      mailbox_save_set_received_date(save, received_date, received_tz_offset);
    if (save_date != static_cast<time_t>(-1))
      mailbox_save_set_save_date(save, save_date);
    if (!from_envelope.empty())
      mailbox_save_set_from_envelope(save, from_envelope.c_str());
    if (!guid.empty())
      mailbox_save_set_guid(save, guid.c_str());
  }

  mail_flags flags;
  std::vector<std::string> keywords;
  time_t received_date;
  int received_tz_offset;
  time_t save_date;
  std::string from_envelope;
  std::string guid;
};

// Two transactions of one mailbox, both with a message, are no matter where each
// message is written to a place of its own until the commit. An mbox is one file.
bool can_write_twice(const mailbox *box) {
  std::string_view storage = box->storage->name;
  return storage == "maildir" || storage == "sdbox" || storage == "mdbox";
}

// The message once more, as the report says. Returns what the copy returned.
int save_in_place_of(MailboxContext *context, mailbox_transaction_context *transaction,
                     const CallerData &data, mail *source) {
  Transaction other(transaction->box, transaction->flags, "smime");
  mail_save_context *save = mailbox_save_alloc(other.get());
  try {
    data.apply(save);
  } catch (...) {
    mailbox_save_cancel(&save);
    throw;
  }
  if (mailbox_save_using_mail(&save, source) < 0) {
    context->failed_transaction = transaction;
    return -1;
  }
  context->replaced_transaction = transaction;
  context->replacing_transaction = other.release();
  return 0;
}

// Takes what replaces the transaction, out of the context.
mailbox_transaction_context *take_replacing(MailboxContext *context) {
  context->replaced_transaction = nullptr;
  return std::exchange(context->replacing_transaction, nullptr);
}

} // namespace

std::optional<int> save_early(MailboxContext *context, UserContext *user, mail_save_context *save,
                              mail *source) noexcept {
  mailbox_transaction_context *transaction = save->transaction;
  return in_save_frame(context, save, "saving a delivery", [&]() -> std::optional<int> {
    Delivery &delivery = *user->delivery;
    // An edited message is compared with digests that come with the report.
    const Original &original = delivery.original();
    if (transaction->save_count > 0 || context->replaced_transaction != nullptr ||
        !can_write_twice(transaction->box) ||
        (source != original.mail && !original.content.empty()))
      return std::nullopt;
    auto expected = delivery.expected_keywords(transaction->box);
    if (!expected)
      return std::nullopt;
    CallerData data(save);
    for (const std::string &keyword : *expected)
      add_keyword(save, keyword);
    std::string unstorable;
    int ret = copy_preserving(
        context, save, source, original, [&] { return delivery.awaited_arrival(); }, {},
        unstorable);
    // A message that cannot be saved here may be one to be held or refused.
    if (delivery.confirms(transaction->box, *expected) && unstorable.empty())
      return ret;
    context->failed_transaction = nullptr;
    return save_in_place_of(context, transaction, data, source);
  });
}

bool is_replaced(const MailboxContext *context, const mailbox_transaction_context *transaction) {
  return context->replaced_transaction == transaction;
}

int commit_replacing(MailboxContext *context, mailbox_transaction_context *transaction,
                     mail_transaction_commit_changes *changes_r) noexcept {
  mailbox_transaction_context *other = take_replacing(context);
  context->below.transaction_rollback(transaction);
  return mailbox_transaction_commit_get_changes(&other, changes_r);
}

void rollback_replaced(MailboxContext *context, mailbox_transaction_context *transaction) noexcept {
  mailbox_transaction_context *other = take_replacing(context);
  mailbox_transaction_rollback(&other);
  context->below.transaction_rollback(transaction);
}

} // namespace smime
