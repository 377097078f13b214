#include "plugin/hooks/mailbox.h"

#include "plugin/delivery/delivery.h"
#include "plugin/delivery/early-save.h"
#include "plugin/dovecot/say.h"
#include "plugin/dovecot/session.h"
#include "plugin/hooks/client-save.h"
#include "plugin/protect/preserving-copy.h"
#include "plugin/quarantine/access.h"
#include "plugin/quarantine/exclusions.h"
#include "plugin/quarantine/guard.h"
#include "plugin/quarantine/mailbox.h"
#include "plugin/quarantine/ownership.h"
#include "plugin/quarantine/review.h"
#include "plugin/quarantine/seclusion.h"
#include "plugin/settings/awareness.h"
#include "plugin/settings/user-context.h"
#include "plugin/store/keywords.h"
#include "plugin/store/mailbox-context.h"
#include "plugin/store/record.h"
#include "plugin/store/save-frame.h"

namespace smime {
namespace {

MODULE_CONTEXT_DEFINE_INIT(smime_mailbox_module, &mail_storage_module_register);

// Deliveries save with mailbox_save_using_mail(); a copy or move that some
// other plugin makes meanwhile is none of them.
bool is_delivery_save(const mail_save_context *save) {
  return save->saving && save->copying_or_moving;
}

// Reports success for a message that is in the quarantine instead.
int divert_save(mail_save_context *save) {
  mailbox_transaction_context *transaction = save->transaction;
  mailbox_context(transaction->box)->diverted_transaction = transaction;
  mailbox_save_cancel(&save);
  // The caller counts this as a saved mail that must get a UID at commit
  // (mailbox_copy_int() and mailbox_transaction_commit_get_changes() in
  // lib-storage/mail-storage.c). The count is unsigned and may wrap in between.
  transaction->save_count--;
  return 0;
}

// Nothing holds for what we save ourselves, nor for the quarantine.
bool rules_hold(mailbox *box, const UserContext &user) {
  return user.client_session && user.internal_access == 0 && is_aware(box, *user.settings) &&
         !is_quarantine_mailbox(box, *user.settings);
}

// The mail to be copied, for what looks into it before the copy: what is read there may change
// the index, and what the caller's transaction commits after a copy that failed takes the text of
// the storage's error away under cmd-copy.c, which has kept a pointer to it.
class MailToLookInto {
public:
  explicit MailToLookInto(mail *source)
      : source_(source),
        transaction_(source->box, static_cast<mailbox_transaction_flags>(0), "smime"),
        own_(mail_alloc(transaction_.get(), static_cast<mail_fetch_field>(0), nullptr)) {}
  ~MailToLookInto() { mail_free(&own_); }
  MailToLookInto(const MailToLookInto &) = delete;
  MailToLookInto &operator=(const MailToLookInto &) = delete;

  // One that is being saved has no UID.
  mail *get() { return source_->uid > 0 && mail_set_uid(own_, source_->uid) ? own_ : source_; }

private:
  mail *source_;
  Transaction transaction_;
  mail *own_;
};

// A copy by a mail client. Returns false if a rule bars it: the save is
// cancelled then, and the error set.
bool may_copy(mail_save_context *save, mail *source, UserContext &user) {
  mailbox *box = save->transaction->box;
  if (!rules_hold(box, user))
    return true;
  ClientSave decision(box, user, Origin::copy);
  if (!decision.needs_decision())
    return true;
  MailToLookInto looked_into(source);
  source = looked_into.get();
  istream *input;
  Held held;
  if (mail_get_stream(source, nullptr, nullptr, &input) < 0 ||
      mail_get_received_date(source, &held.received_date) < 0) {
    refuse_save(save, MAIL_ERROR_UNAVAILABLE, mailbox_get_last_error(source->box, nullptr));
    return false;
  }
  held.keywords = keywords_of(source);
  auto record = get_record(source);
  std::string flag;
  auto refusal = decision.decide_on(input, std::move(held), record && record->released(), flag);
  if (refusal) {
    refuse_save(save, refusal->code, refusal->text);
    return false;
  }
  if (!flag.empty())
    add_keyword(save, flag);
  return true;
}

// False with the storage's error set if the mailbox is not to be copied into. What an
// administrator puts into the quarantine is his to know.
bool may_put_into(mailbox *box, mail *source, const UserContext &user) {
  if (!may_save(box))
    return false;
  istream *input;
  if (user.internal_access > 0 || !is_quarantine_mailbox(box, *user.settings) ||
      is_rebuilding(box->storage) || mail_get_stream(source, nullptr, nullptr, &input) < 0)
    return true;
  i_stream_seek(input, 0);
  if (!read_block(input))
    e_warning(box->event, "smime: a message that is not held was put into the quarantine; its "
                          "owner does not see it (see doveadm smime quarantine list)");
  i_stream_seek(input, 0);
  return true;
}

// What happens before a copy in a client's session. Nullopt: go on.
std::optional<int> before_copy(MailboxContext *context, mail_save_context *save, mail *source,
                               UserContext &user) noexcept {
  if (!user.client_session || user.internal_access > 0)
    return std::nullopt;
  return in_save_frame(context, save, "deciding on a copy", [&]() -> std::optional<int> {
    if (auto released = copy_out_of_quarantine(context, save, source))
      return *released;
    return may_copy(save, source, user) ? std::nullopt : std::optional(-1);
  });
}

// changes: of a transaction that is on disk; null if it was rolled back.
void finish_transaction(MailboxContext *context,
                        const mail_transaction_commit_changes *changes) noexcept {
  auto *actions = context->after_commit;
  context->after_commit = nullptr;
  if (actions != nullptr && changes != nullptr)
    (void)guarded("telling what was done", false, [&] {
      for (const auto &action : *actions)
        action(*changes);
      return true;
    });
  delete actions;
}

// The storage took the message and does not keep it as it arrived. Returns what the copy
// returns.
int hold_instead(MailboxContext *context, UserContext *user,
                 mailbox_transaction_context *transaction, const std::string &cause) {
  mailbox *box = transaction->box;
  auto outcome = guarded("holding a message", Delivery::Outcome::refused,
                         [&] { return user->delivery->hold_unstorable(box, cause); });
  if (outcome != Delivery::Outcome::done) {
    mail_storage_set_error(box->storage, MAIL_ERROR_TEMP, "Temporary internal error");
    return -1;
  }
  context->failed_transaction = nullptr;
  context->diverted_transaction = transaction;
  // As in divert_save(): the caller counts it.
  transaction->save_count--;
  return 0;
}

int save_delivery(MailboxContext *context, UserContext *user, mail_save_context *save,
                  mail *source) {
  if (auto saved = save_early(context, user, save, source))
    return *saved;
  std::string in_front;
  auto outcome = guarded("deciding on a delivery", Delivery::Outcome::refused, [&] {
    auto decided = user->delivery->before_save(save);
    if (decided == Delivery::Outcome::save)
      in_front = user->delivery->results_field(save->transaction->box);
    return decided;
  });
  switch (outcome) {
  case Delivery::Outcome::save: {
    std::string unstorable;
    mailbox_transaction_context *transaction = save->transaction;
    int ret = copy_preserving(
        context, save, source, user->delivery->original(),
        [user] { return user->delivery->arrival(); }, in_front, unstorable);
    return unstorable.empty() ? ret : hold_instead(context, user, transaction, unstorable);
  }
  case Delivery::Outcome::done: return divert_save(save);
  case Delivery::Outcome::refused: break;
  }
  // A temporary error ends Sieve without an implicit keep.
  return refuse_save(save, MAIL_ERROR_TEMP,
                     user->delivery->refused() ? user->delivery->refusal_text()
                                               : "Temporary internal error");
}

int mailbox_copy_override(mail_save_context *save, mail *source) noexcept {
  mailbox *box = save->transaction->box;
  MailboxContext *context = mailbox_context(box);
  UserContext *user = user_context(box->storage->user);
  if (user == nullptr)
    return context->below.copy(save, source);
  if (!guarded("asking whether to copy", false, [&] { return may_put_into(box, source, *user); })) {
    mailbox_save_cancel(&save);
    return -1;
  }
  WithoutSizeLimit quarantine(box);
  if (auto done = before_copy(context, save, source, *user))
    return *done;
  if (!is_delivery_save(save))
    return copy_stored(context, save, source);
  if (user->delivery != nullptr)
    return save_delivery(context, user, save, source);
  if (user->delivery_failed)
    return refuse_save(save, MAIL_ERROR_TEMP, "Delivery failed");
  return copy_edited(context, save, source, user->current_mail);
}

// A transaction from which its only message was diverted. mbox would be crashed by
// a commit (mbox-save.c: mbox_transaction_save_commit_pre()), others would store
// the flags that a private index was to get.
int commit_nothing(MailboxContext *context, mailbox_transaction_context *transaction,
                   mail_transaction_commit_changes *changes_r) {
  finish_transaction(context, nullptr);
  context->below.transaction_rollback(transaction);
  i_zero(changes_r);
  changes_r->pool = pool_alloconly_create("smime diverted", 128);
  p_array_init(&changes_r->saved_uids, changes_r->pool, 1);
  return 0;
}

int transaction_commit_override(mailbox_transaction_context *transaction,
                                mail_transaction_commit_changes *changes_r) noexcept {
  MailboxContext *context = mailbox_context(transaction->box);
  if (context->failed_transaction == transaction) {
    context->failed_transaction = nullptr;
    finish_transaction(context, nullptr);
    context->below.transaction_rollback(transaction);
    return -1;
  }
  if (is_replaced(context, transaction))
    return commit_replacing(context, transaction, changes_r);
  if (std::exchange(context->diverted_transaction, nullptr) == transaction &&
      transaction->save_count == 0)
    return commit_nothing(context, transaction, changes_r);
  int ret = context->below.transaction_commit(transaction, changes_r);
  finish_transaction(context, ret == 0 ? changes_r : nullptr);
  return ret;
}

void transaction_rollback_override(mailbox_transaction_context *transaction) noexcept {
  MailboxContext *context = mailbox_context(transaction->box);
  if (context->failed_transaction == transaction)
    context->failed_transaction = nullptr;
  if (context->diverted_transaction == transaction)
    context->diverted_transaction = nullptr;
  if (is_replaced(context, transaction)) {
    rollback_replaced(context, transaction);
    return;
  }
  finish_transaction(context, nullptr);
  context->below.transaction_rollback(transaction);
}

// Dovecot builds each mailbox's functions in the order of the modules' numbers:
// the first is the outermost, and ours, nearly the last, would be next to the
// storage (lib/hook-build.c), below quota, acl, zlib and whatever changes a
// save. What is kept and routed must be decided before all of them and read back
// through all of them. So these go on top, once the functions are built:
// box->v is what callers call.
void put_on_top(mailbox *box, MailboxContext *context) {
  mailbox_vfuncs *v = &box->v;
  if (v->copy == mailbox_copy_override)
    return;
  context->below = *v;
  v->copy = mailbox_copy_override;
  v->transaction_commit = transaction_commit_override;
  v->transaction_rollback = transaction_rollback_override;
  if (v->save_begin != nullptr) {
    v->save_begin = save_begin_override;
    v->save_finish = save_finish_override;
    v->save_cancel = save_cancel_override;
  }
  seclude_transactions(box);
  watch_owner(box);
}

} // namespace

MailboxContext *mailbox_context(mailbox *box) {
  return static_cast<MailboxContext *>(MODULE_CONTEXT(box, smime_mailbox_module));
}

void after_commit(MailboxContext *context, AfterCommit action) {
  if (context->after_commit == nullptr)
    context->after_commit = new std::vector<AfterCommit>;
  context->after_commit->push_back(std::move(action));
}

void mailbox_allocated(mailbox *box) noexcept {
  mailbox_vfuncs *v = box->vlast;
  auto *context = p_new(box->pool, MailboxContext, 1);
  context->module_ctx.super = *v;
  box->vlast = &context->module_ctx.super;
  guard_mailbox(v);
  MODULE_CONTEXT_SET(box, smime_mailbox_module, context);
  (void)guarded("closing a mailbox to other plugins", false, [box] {
    seclude_creation(box);
    return true;
  });
}

void mailbox_opened(mailbox *box) noexcept {
  MailboxContext *context = mailbox_context(box);
  if (context != nullptr)
    put_on_top(box, context);
}

} // namespace smime
