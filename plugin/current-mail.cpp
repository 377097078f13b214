#include "current-mail.h"

#include "review.h"
#include "user-context.h"

namespace smime {
namespace {

MODULE_CONTEXT_DEFINE_INIT(smime_mail_module, &mail_module_register);

mail_vfuncs &super(mail *m) {
  auto *pmail = reinterpret_cast<mail_private *>(m);
  return static_cast<union mail_module_context *>(MODULE_CONTEXT(pmail, smime_mail_module))
      ->super;
}

void enter(mail *m) {
  UserContext *user = user_context(m->box->storage->user);
  if (user != nullptr)
    user->current_mail = m;
}

void leave(mail *m) {
  UserContext *user = user_context(m->box->storage->user);
  if (user != nullptr && user->current_mail == m)
    user->current_mail = nullptr;
}

void set_seq(mail *m, std::uint32_t seq, bool saving) noexcept {
  super(m).set_seq(m, seq, saving);
  if (!saving)
    enter(m);
}

bool set_uid(mail *m, std::uint32_t uid) noexcept {
  bool found = super(m).set_uid(m, uid);
  if (found)
    enter(m);
  return found;
}

void expunge_mail(mail *m) noexcept {
  (void)guarded("noting an expunge", false, [&] {
    note_expunge(m);
    return true;
  });
  super(m).expunge(m);
}

void close_mail(mail *m) noexcept {
  leave(m);
  super(m).close(m);
}

void free_mail(mail *m) noexcept {
  leave(m);
  super(m).free(m);
}

} // namespace

void mail_allocated(mail *m) noexcept {
  // Deliveries know their original.
  UserContext *user = user_context(m->box->storage->user);
  if (user == nullptr || !user->edits_in_session)
    return;
  auto *pmail = reinterpret_cast<mail_private *>(m);
  mail_vfuncs *v = pmail->vlast;
  auto *context = p_new(pmail->pool, union mail_module_context, 1);
  context->super = *v;
  pmail->vlast = &context->super;
  v->set_seq = set_seq;
  v->set_uid = set_uid;
  v->expunge = expunge_mail;
  v->close = close_mail;
  v->free = free_mail;
  MODULE_CONTEXT_SET_SELF(pmail, smime_mail_module, context);
}

} // namespace smime
