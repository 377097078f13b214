#include "guard.h"

#include "access.h"
#include "mailbox-context.h"
#include "mailbox-policy.h"
#include "user-context.h"

namespace smime {
namespace {

constexpr const char *closed = "The quarantine is open to its reviewers only";
constexpr const char *kept = "The quarantine mailbox cannot be changed by mail clients";

mailbox_vfuncs &super(mailbox *box) { return mailbox_context(box)->module_ctx.super; }

Access access_of(mailbox *box, const UserContext &user) {
  return quarantine_access(box->storage->user, *user.settings);
}

bool is_client(const UserContext &user, mailbox *box) {
  return user.internal_access == 0 && !is_rebuilding(box->storage) &&
         serves_client(box->storage->user);
}

// Returns false with the storage's error set if the session may not open it.
bool may_open(mailbox *box) {
  UserContext *user = user_context(box->storage->user);
  if (user == nullptr || user->internal_access > 0 || is_rebuilding(box->storage) ||
      !is_quarantine_mailbox(box, *user->settings))
    return true;
  switch (access_of(box, *user)) {
  case Access::full:
    return true;
  case Access::read_only:
    box->flags = static_cast<mailbox_flags>(box->flags | MAILBOX_FLAG_READONLY);
    return true;
  case Access::none:
    break;
  }
  mail_storage_set_error(box->storage, MAIL_ERROR_PERM, closed);
  return false;
}

// Creating, renaming, deleting and subscribing: by no client, not even a
// reviewer's; nor of a mailbox that the quarantine is below.
bool may_change(mailbox *box) {
  UserContext *user = user_context(box->storage->user);
  if (user == nullptr || !is_client(*user, box) ||
      !holds_quarantine_mailbox(box, *user->settings))
    return true;
  bool open_to_owner = user->settings->errors.empty() &&
                       user->settings->quarantine_access == QuarantineAccess::owner;
  if (open_to_owner)
    return true;
  mail_storage_set_error(box->storage, MAIL_ERROR_PERM, kept);
  return false;
}

// With the mailbox its policy would go.
bool may_delete(mailbox *box) {
  if (!may_change(box))
    return false;
  UserContext *user = user_context(box->storage->user);
  if (user == nullptr || !is_client(*user, box) || !carries_policy(box))
    return true;
  mail_storage_set_error(box->storage, MAIL_ERROR_PERM,
                         "The mailbox has a policy of the administrator's and cannot be deleted");
  return false;
}

// SETMETADATA "" (/shared/smime/policy ...) would be INBOX's policy.
bool may_set_attribute(mailbox *box, const char *key) {
  UserContext *user = user_context(box->storage->user);
  if (user == nullptr || !is_client(*user, box) || strcasecmp(key, policy_attribute) != 0)
    return true;
  mail_storage_set_error(box->storage, MAIL_ERROR_PERM,
                         "The mailbox's policy is set by the administrator only");
  return false;
}

bool check(mailbox *box, bool (*allowed)(mailbox *)) noexcept {
  return guarded("checking access to a mailbox", false, [&] {
    DataStackFrame frame;
    return allowed(box);
  });
}

int open_override(mailbox *box) noexcept {
  return check(box, may_open) ? super(box).open(box) : -1;
}

int get_status_override(mailbox *box, mailbox_status_items items,
                                   mailbox_status *status_r) noexcept {
  return check(box, may_open) ? super(box).get_status(box, items, status_r) : -1;
}

int get_metadata_override(mailbox *box, mailbox_metadata_items items,
                                     mailbox_metadata *metadata_r) noexcept {
  return check(box, may_open) ? super(box).get_metadata(box, items, metadata_r) : -1;
}

int create_override(mailbox *box, const struct mailbox_update *update,
                               bool directory) noexcept {
  return check(box, may_change) ? super(box).create_box(box, update, directory) : -1;
}

int update_override(mailbox *box, const struct mailbox_update *update) noexcept {
  return check(box, may_change) ? super(box).update_box(box, update) : -1;
}

int delete_override(mailbox *box) noexcept {
  return check(box, may_delete) ? super(box).delete_box(box) : -1;
}

int rename_override(mailbox *source, mailbox *target) noexcept {
  if (!check(source, may_change))
    return -1;
  if (!check(target, may_change)) {
    mail_storage_set_error(source->storage, MAIL_ERROR_PERM, kept);
    return -1;
  }
  return super(source).rename_box(source, target);
}

int set_subscribed_override(mailbox *box, bool set) noexcept {
  return check(box, may_change) ? super(box).set_subscribed(box, set) : -1;
}

int attribute_set_override(mailbox_transaction_context *transaction,
                                      mail_attribute_type type, const char *key,
                                      const mail_attribute_value *value) noexcept {
  mailbox *box = transaction->box;
  bool allowed = guarded("checking a change of METADATA", false,
                         [&] { return may_set_attribute(box, key); });
  return allowed ? super(box).attribute_set(transaction, type, key, value) : -1;
}

int attribute_get_override(mailbox *box, mail_attribute_type type, const char *key,
                           mail_attribute_value *value_r) noexcept {
  UserContext *user = user_context(box->storage->user);
  if (user != nullptr && is_client(*user, box) && strcasecmp(key, policy_attribute) == 0)
    return 0;
  return super(box).attribute_get(box, type, key, value_r);
}

MODULE_CONTEXT_DEFINE_INIT(smime_list_module, &mailbox_list_module_register);

union mailbox_list_module_context *list_context(mailbox_list *list) {
  return static_cast<union mailbox_list_module_context *>(MODULE_CONTEXT(list, smime_list_module));
}

bool is_hidden(mailbox_list *list, const char *vname) {
  UserContext *user = user_context(list->ns->user);
  return user != nullptr && user->internal_access == 0 && !is_rebuilding(list->ns->storage) &&
         is_quarantine_name(list->ns, vname, *user->settings) &&
         quarantine_access(list->ns->user, *user->settings) == Access::none;
}

const mailbox_info *iter_next(mailbox_list_iterate_context *iteration) noexcept {
  mailbox_list *list = iteration->list;
  const mailbox_info *info;
  while ((info = list_context(list)->super.iter_next(iteration)) != nullptr) {
    bool hidden = guarded("listing mailboxes", true, [&] {
      DataStackFrame frame;
      return is_hidden(list, info->vname);
    });
    if (!hidden)
      break;
  }
  return info;
}

} // namespace

void guard_mailbox(mailbox_vfuncs *v) {
  v->open = open_override;
  v->get_status = get_status_override;
  v->get_metadata = get_metadata_override;
  v->create_box = create_override;
  v->update_box = update_override;
  v->delete_box = delete_override;
  v->rename_box = rename_override;
  v->set_subscribed = set_subscribed_override;
  v->attribute_set = attribute_set_override;
  v->attribute_get = attribute_get_override;
}

void mailbox_list_created(mailbox_list *list) noexcept {
  mailbox_list_vfuncs *v = list->vlast;
  auto *context = p_new(list->pool, union mailbox_list_module_context, 1);
  context->super = *v;
  list->vlast = &context->super;
  v->iter_next = iter_next;
  MODULE_CONTEXT_SET_SELF(list, smime_list_module, context);
}

} // namespace smime
