#include "plugin/quarantine/seclusion.h"

#include "plugin/quarantine/access.h"
#include "plugin/settings/user-context.h"
#include "plugin/store/mailbox-context.h"

extern "C" {
#include "acl-storage.h"

// In the acl plugin, which may not be loaded.
#pragma weak acl_mailbox_right_lookup
}

namespace smime {
namespace {

int create_secluded(mailbox *box, const struct mailbox_update *update, bool directory) noexcept {
  MailboxContext *context = mailbox_context(box);
  UserContext *user = user_context(box->storage->user);
  bool ours = user != nullptr && user->internal_access > 0;
  auto create = ours ? context->module_ctx.super.create_box : context->outer_create;
  return create(box, update, directory);
}

mailbox_transaction_context *begin_secluded(mailbox *box, mailbox_transaction_flags flags,
                                            const char *reason) noexcept {
  return mailbox_context(box)->below.transaction_begin(
      box, static_cast<mailbox_transaction_flags>(flags | MAILBOX_TRANSACTION_FLAG_NO_NOTIFY),
      reason);
}

bool has_right(mailbox *box, acl_storage_rights right) {
  return &acl_mailbox_right_lookup == nullptr || acl_mailbox_right_lookup(box, right) > 0;
}

} // namespace

bool is_in_quarantine(mailbox *box) {
  UserContext *user = user_context(box->storage->user);
  return user != nullptr && is_quarantine_mailbox(box, *user->settings);
}

void seclude_creation(mailbox *box) {
  UserContext *user = user_context(box->storage->user);
  if (user == nullptr ||
      !is_quarantine_name(mailbox_get_namespace(box), box->vname, *user->settings))
    return;
  mailbox_context(box)->outer_create = box->v.create_box;
  box->v.create_box = create_secluded;
}

void seclude_transactions(mailbox *box) {
  if (is_in_quarantine(box))
    box->v.transaction_begin = begin_secluded;
}

// A mail's functions are stacked in the order of the plugins' numbers, and v is the top that
// callers call (lib/hook-build.c). The hook of a plugin whose number is higher than ours
// changes the bottom alone.
void put_on_top(mail_private *m, const SecludedChanges &changes) {
  m->v.expunge = changes.expunge;
  m->v.update_flags = changes.update_flags;
  m->v.update_keywords = changes.update_keywords;
}

bool has_expunge_right(mailbox *box) { return has_right(box, ACL_STORAGE_RIGHT_EXPUNGE); }

unsigned changeable_flags(mailbox *box) {
  constexpr unsigned with_own_right = MAIL_SEEN | MAIL_DELETED;
  unsigned flags = 0;
  if (has_right(box, ACL_STORAGE_RIGHT_WRITE))
    flags |= MAIL_FLAGS_NONRECENT & ~with_own_right;
  if (has_right(box, ACL_STORAGE_RIGHT_WRITE_SEEN))
    flags |= MAIL_SEEN;
  if (has_right(box, ACL_STORAGE_RIGHT_WRITE_DELETED))
    flags |= MAIL_DELETED;
  return flags;
}

} // namespace smime
