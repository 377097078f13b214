#include "plugin/hooks/current-mail.h"

#include "plugin/dovecot/session.h"
#include "plugin/quarantine/mailbox.h"
#include "plugin/quarantine/review.h"
#include "plugin/quarantine/seclusion.h"
#include "plugin/settings/user-context.h"
#include "plugin/store/keywords.h"

#include <algorithm>

namespace smime {
namespace {

MODULE_CONTEXT_DEFINE_INIT(smime_mail_module, &mail_module_register);

mail_vfuncs &super(mail *m) {
  auto *pmail = reinterpret_cast<mail_private *>(m);
  return static_cast<union mail_module_context *>(MODULE_CONTEXT(pmail, smime_mail_module))->super;
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

// On top of all other plugins' functions: super() is the storage's own.
void expunge_quarantined(mail *m) noexcept {
  UserContext *user = user_context(m->box->storage->user);
  if (user->internal_access == 0 && !has_expunge_right(m->box))
    return;
  if (!guarded("asking whether to expunge", false, [m] { return may_expunge(m); }))
    return;
  (void)guarded("noting an expunge", false, [&] {
    note_expunge(m);
    return true;
  });
  super(m).expunge(m);
}

// As the acl plugin does it, which is passed over.
void update_quarantined_flags(mail *m, modify_type type, mail_flags flags) noexcept {
  constexpr unsigned all = MAIL_FLAGS_NONRECENT;
  unsigned allowed =
      user_context(m->box->storage->user)->internal_access > 0 ? all : changeable_flags(m->box);
  auto update = [m](modify_type how, unsigned which) {
    super(m).update_flags(m, how, static_cast<mail_flags>(which));
  };
  if (type != MODIFY_REPLACE || allowed == all)
    return update(type, allowed == all ? unsigned{flags} : flags & allowed);
  update(MODIFY_REMOVE, ~unsigned{flags} & allowed);
  update(MODIFY_ADD, flags & allowed);
}

// That a message was released, or its release has begun, is ours to say: without the one its
// removal is told, without the other a release that was cut short is saved twice. So is what its
// recipient was told.
KeywordsPtr without_our_marks(mail *m, modify_type type, const mail_keywords *keywords) {
  std::vector<std::string> present;
  if (type == MODIFY_REPLACE)
    present = keywords_of(m);
  auto is_present = [&](const char *mark) {
    return std::find(present.begin(), present.end(), mark) != present.end();
  };
  KeywordsPtr allowed;
  for (const char *mark : quarantine_marks)
    allowed = change_keyword(m->box, allowed == nullptr ? keywords : allowed.get(), mark,
                             is_present(mark));
  return allowed;
}

void update_quarantined_keywords(mail *m, modify_type type, mail_keywords *keywords) noexcept {
  UserContext *user = user_context(m->box->storage->user);
  if (user->internal_access > 0)
    return super(m).update_keywords(m, type, keywords);
  if ((changeable_flags(m->box) & MAIL_FLAGGED) == 0)
    return;
  if (!serves_client(m->box->storage->user))
    return super(m).update_keywords(m, type, keywords);
  (void)guarded("changing keywords", false, [&] {
    KeywordsPtr allowed = without_our_marks(m, type, keywords);
    super(m).update_keywords(m, type, allowed.get());
    return true;
  });
}

// --- looks: whoever gets the body of what is held is told of. To know its structure or size,
// Dovecot reads it as well, which shows nobody anything.

int get_stream(mail *m, bool get_body, message_size *hdr_size, message_size *body_size,
               istream **stream_r) noexcept {
  int ret = super(m).get_stream(m, get_body, hdr_size, body_size, stream_r);
  if (ret >= 0 && get_body)
    (void)guarded("telling of a look", false, [&] {
      DataStackFrame frame;
      note_look(m, *stream_r);
      return true;
    });
  return ret;
}

bool prefetch(mail *m) noexcept {
  NoLook ahead(m->box->storage->user);
  return super(m).prefetch(m);
}

int get_special(mail *m, mail_fetch_field field, const char **value_r) noexcept {
  if (field == MAIL_FETCH_BODY_SNIPPET)
    return super(m).get_special(m, field, value_r);
  NoLook listing(m->box->storage->user);
  return super(m).get_special(m, field, value_r);
}

int get_parts(mail *m, message_part **parts_r) noexcept {
  NoLook listing(m->box->storage->user);
  return super(m).get_parts(m, parts_r);
}

int get_virtual_size(mail *m, uoff_t *size_r) noexcept {
  NoLook listing(m->box->storage->user);
  return super(m).get_virtual_size(m, size_r);
}

int get_physical_size(mail *m, uoff_t *size_r) noexcept {
  NoLook listing(m->box->storage->user);
  return super(m).get_physical_size(m, size_r);
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
  UserContext *user = user_context(m->box->storage->user);
  if (user == nullptr)
    return;
  bool quarantined =
      guarded("looking where a message is", true, [m] { return is_in_quarantine(m->box); });
  // Deliveries know their original.
  if (!user->edits_in_session && !quarantined)
    return;
  auto *pmail = reinterpret_cast<mail_private *>(m);
  mail_vfuncs *v = pmail->vlast;
  auto *context = p_new(pmail->pool, union mail_module_context, 1);
  context->super = *v;
  pmail->vlast = &context->super;
  MODULE_CONTEXT_SET_SELF(pmail, smime_mail_module, context);
  v->set_seq = set_seq;
  v->set_uid = set_uid;
  v->close = close_mail;
  v->free = free_mail;
  if (!quarantined)
    return;
  v->get_stream = get_stream;
  v->prefetch = prefetch;
  v->get_special = get_special;
  v->get_parts = get_parts;
  v->get_virtual_size = get_virtual_size;
  v->get_physical_size = get_physical_size;
  put_on_top(pmail, {expunge_quarantined, update_quarantined_flags, update_quarantined_keywords});
}

} // namespace smime
