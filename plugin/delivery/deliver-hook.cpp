// The deliver hook: one delivery from Dovecot's call to its answer.
#include "plugin/delivery/delivery.h"

#include "plugin/dovecot/ptr.h"
#include "plugin/dovecot/say.h"

extern "C" {
#include "lda-settings.h"
#include "mail-deliver.h"

// In libdovecot-lda, which only lmtp and dovecot-lda link.
#pragma weak mail_deliver_hook_set
#pragma weak mail_deliver_save
}

#include <malloc.h>

namespace smime {
namespace {

deliver_mail_func_t *next_deliver_mail = nullptr;

bool is_tempfailed(const mail_deliver_context *context, mail_storage *storage) {
  if (context->tempfail_error != nullptr)
    return true;
  mail_error error = MAIL_ERROR_NONE;
  if (storage != nullptr)
    (void)mail_storage_get_last_error(storage, &error);
  return error == MAIL_ERROR_TEMP;
}

// What Dovecot does behind the hook when no other plugin delivers
// (mail_do_deliver() in lib-lda/mail-deliver.c), done here, so that the
// delivery is still known when the default mailbox is saved to.
int deliver_with_fallbacks(mail_deliver_context *context, mail_storage **storage_r) {
  int ret = next_deliver_mail == nullptr ? 0 : next_deliver_mail(context, storage_r);
  if (ret > 0 || context->saved_mail)
    return 1;
  if (is_tempfailed(context, *storage_r))
    return -1;
  if (!context->tried_default_save) {
    if (mail_deliver_save(context, context->rcpt_default_mailbox, static_cast<mail_flags>(0),
                          nullptr, storage_r) == 0)
      return 1;
    if (is_tempfailed(context, *storage_r))
      return -1;
  }
  if (strcasecmp(context->rcpt_default_mailbox, "INBOX") == 0)
    return -1;
  return mail_deliver_save(context, "INBOX", static_cast<mail_flags>(0), nullptr, storage_r) == 0
             ? 1
             : -1;
}

// What a rule holds or refuses at arrival never reaches a script: no redirect, no vacation.
int deliver_unless_held(Delivery &delivery, mail_deliver_context *context,
                        mail_storage **storage_r) {
  switch (delivery.at_arrival()) {
  case Delivery::Outcome::save: return deliver_with_fallbacks(context, storage_r);
  case Delivery::Outcome::done: return 1;
  case Delivery::Outcome::refused: break;
  }
  return -1;
}

// Over quota may be answered for good (quota_full_tempfail = no): nothing of the message may
// be left in the quarantine then.
bool may_be_permanent(const mail_deliver_context *context, mail_storage *storage) {
  mail_error error = MAIL_ERROR_NONE;
  if (storage != nullptr)
    (void)mail_storage_get_last_error(storage, &error);
  return context->tempfail_error == nullptr && error == MAIL_ERROR_NOQUOTA &&
         !context->set->quota_full_tempfail;
}

// Dovecot's answer is the storage's last error, which is to be the one of the save: the quarantine
// is mostly in the same storage, and one that is not there is an error of it, too.
bool take_back_with_error_kept(Delivery &delivery, mail_storage *storage) {
  mail_storage_last_error_push(storage);
  bool ok = delivery.take_back_held();
  mail_storage_last_error_pop(storage);
  return ok;
}

int deliver_aware(mail_deliver_context *context, UserContext &user, mail_storage **storage_r) {
  *storage_r = nullptr;
  if (!user.settings->errors.empty()) {
    // The errors were logged when the user was created.
    context->tempfail_error = "S/MIME policy is not configured correctly";
    user.delivery_failed = true;
    return -1;
  }
  Delivery delivery(context, user);
  const std::string &id = user.settings->release_id;
  if (!id.empty() && !delivery.release(id))
    log_warning(context->event, "smime_release=" + id.substr(0, 64) +
                                    ": not what is held under this id; the rules hold");
  delivery.inspect();
  int ret = deliver_unless_held(delivery, context, storage_r);
  // What Sieve discarded or sent elsewhere is counted as well.
  delivery.finish_inspection();
  if (delivery.refused())
    ret = delivery.answer_refusal();
  else if (ret > 0 ? !delivery.keep_held()
                   : may_be_permanent(context, *storage_r) &&
                         !take_back_with_error_kept(delivery, *storage_r)) {
    context->tempfail_error = "Quarantine is not available";
    ret = -1;
  }
  // Dovecot takes a delivery that failed for one that succeeded if anything was saved: nothing
  // has what is held stay then.
  if (ret <= 0)
    context->saved_mail = false;
  user.delivery_failed = ret <= 0;
  return ret;
}

int deliver_mail_hook(mail_deliver_context *context, mail_storage **storage_r) noexcept {
  UserContext *user = user_context(context->rcpt_user);
  if (user == nullptr)
    return next_deliver_mail == nullptr ? 0 : next_deliver_mail(context, storage_r);
  user->delivery_failed = false;
  if (user->settings->errors.empty() && !user->settings->stores.can_match())
    return next_deliver_mail == nullptr ? 0 : next_deliver_mail(context, storage_r);
  int ret = guarded("delivery", -2, [&] { return deliver_aware(context, *user, storage_r); });
  if (ret == -2) {
    user->delivery_failed = true;
    context->tempfail_error = "Temporary internal error";
    context->saved_mail = false;
    ret = -1;
  }
  return ret;
}

// A delivery takes some hundred kilobytes for a moment, and some megabytes where the mailbox
// has an index of such a size. glibc gives so much back to the kernel at once, and has it
// again page by page for the next message; where page faults are dear, as in virtual
// machines, that took a quarter of a delivery's time. A process that delivers mail keeps
// instead what it needed, up to 16 MB. The larger threshold is the largest that glibc takes;
// blocks above it are the kernel's whenever they are freed.
void keep_freed_memory() {
#ifdef M_TRIM_THRESHOLD
  (void)mallopt(M_TRIM_THRESHOLD, 16 * 1024 * 1024);
  (void)mallopt(M_MMAP_THRESHOLD, 32 * 1024 * 1024);
#endif
}

} // namespace

void delivery_init() {
  if (&mail_deliver_hook_set == nullptr)
    return;
  next_deliver_mail = mail_deliver_hook_set(deliver_mail_hook);
  keep_freed_memory();
}

void delivery_deinit() {
  if (&mail_deliver_hook_set != nullptr)
    mail_deliver_hook_set(next_deliver_mail);
}

} // namespace smime
