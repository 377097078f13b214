#include "plugin/quarantine/guard.h"

#include "plugin/dovecot/events.h"
#include "plugin/dovecot/session.h"
#include "plugin/quarantine/access.h"
#include "plugin/quarantine/known-names.h"
#include "plugin/quarantine/ownership.h"
#include "plugin/settings/mailbox-policy.h"
#include "plugin/settings/user-context.h"
#include "plugin/store/mailbox-context.h"

extern "C" {
#include "mailbox-list-notify.h"
}

namespace smime {
namespace {

constexpr const char *closed = "The quarantine is open to its reviewers only";
constexpr const char *quarantine_alone = "Reviewers open the quarantine alone";
constexpr const char *kept = "The quarantine mailbox cannot be changed by mail clients";

mailbox_vfuncs &super(mailbox *box) { return mailbox_context(box)->module_ctx.super; }

Access access_of(mailbox *box, const UserContext &user) {
  return quarantine_access(mailbox_get_namespace(box), *user.settings);
}

bool is_client(const UserContext &user, mailbox *box) {
  return user.internal_access == 0 && !is_rebuilding(box->storage) &&
         serves_client(box->storage->user);
}

// Those whom the quarantine is closed to: mail clients, and mail that is delivered.
bool is_outsider(const UserContext &user, mailbox *box) {
  return user.internal_access == 0 && !is_rebuilding(box->storage) &&
         (serves_client(box->storage->user) || delivers(box->storage->user));
}

// What Dovecot does by itself in a client's session it does in an event that says why.
bool is_done_for(std::string_view wanted) {
  const event *around = event_get_global();
  const event_field *field =
      around == nullptr ? nullptr : event_find_field_recursive(around, EVENT_REASON_CODE);
  if (field == nullptr || field->value_type != EVENT_FIELD_VALUE_TYPE_STRLIST)
    return false;
  const char *reason;
  array_foreach_elem(&field->value.strlist, reason) {
    if (std::string_view(reason).starts_with(wanted))
      return true;
  }
  return false;
}

// Dovecot removes what is old by the setting autoexpunge.
bool is_autoexpunging() { return is_done_for("storage:autoexpunge"); }

// Not for who is in the session: the quota plugin counts all mailboxes before it lets a
// message be saved.
bool is_done_by_dovecot() { return is_autoexpunging() || is_done_for("quota:"); }

bool is_closed_to_reviewer(mail_user *session, const UserContext &user) {
  return user.internal_access == 0 && sees_quarantine_alone(session, *user.settings);
}

// A mailbox that is not the quarantine. What a reviewer releases is saved there.
bool may_open_other(mailbox *box, const UserContext &user) {
  if (!is_closed_to_reviewer(box->storage->user, user) ||
      (box->flags & MAILBOX_FLAG_SAVEONLY) != 0 || is_done_by_dovecot())
    return true;
  mail_storage_set_error(box->storage, MAIL_ERROR_PERM, quarantine_alone);
  return false;
}

// Returns false with the storage's error set if the session may not open it.
bool may_open(mailbox *box) {
  UserContext *user = user_context(box->storage->user);
  // Who opened it may go on: callers do not expect an error then.
  if (box->opened != 0)
    return true;
  if (user == nullptr || user->internal_access > 0 || is_rebuilding(box->storage))
    return true;
  if (!is_quarantine_name(mailbox_get_namespace(box), box->vname, *user->settings))
    return may_open_other(box, *user);
  note_owner(box);
  if (mailbox_context(box)->users_own)
    return may_open_other(box, *user);
  // Held mail goes by a decision, also at the end of a reviewer's session. For a mailbox
  // that is not there autoexpunge has no error to log.
  if (is_autoexpunging()) {
    mail_storage_set_error(box->storage, MAIL_ERROR_NOTFOUND, closed);
    return false;
  }
  switch (access_of(box, *user)) {
  case Access::full: return true;
  case Access::read_only:
    box->flags = static_cast<mailbox_flags>(box->flags | MAILBOX_FLAG_READONLY);
    return true;
  case Access::none: break;
  }
  // A client is not told by the answer whether anything was ever held.
  if (serves_client(box->storage->user))
    mail_storage_set_error(box->storage, MAIL_ERROR_NOTFOUND,
                           T_MAIL_ERR_MAILBOX_NOT_FOUND(box->vname));
  else
    mail_storage_set_error(box->storage, MAIL_ERROR_PERM, closed);
  return false;
}

// Creating, renaming, deleting and subscribing: by no client, not even a
// reviewer's; nor of a mailbox that the quarantine is below.
enum class Touched : unsigned char { mailbox, what_is_below_too };
bool may_touch(mailbox *box, Touched touched) {
  UserContext *user = user_context(box->storage->user);
  if (user == nullptr || !is_outsider(*user, box))
    return true;
  // Where a release goes Dovecot may have to create it.
  if (is_closed_to_reviewer(box->storage->user, *user) &&
      (box->flags & MAILBOX_FLAG_SAVEONLY) == 0) {
    mail_storage_set_error(box->storage, MAIL_ERROR_PERM, quarantine_alone);
    return false;
  }
  bool concerns_quarantine = touched == Touched::mailbox
                                 ? is_quarantine_mailbox(box, *user->settings)
                                 : holds_quarantine_mailbox(box, *user->settings);
  if (!concerns_quarantine)
    return true;
  bool open_to_owner = !delivers(box->storage->user) && user->settings->errors.empty() &&
                       !is_central(box) &&
                       user->settings->quarantine_access == QuarantineAccess::owner;
  if (open_to_owner)
    return true;
  mail_storage_set_error(box->storage, MAIL_ERROR_PERM, kept);
  return false;
}

bool may_change(mailbox *box) { return may_touch(box, Touched::what_is_below_too); }

// LIST would show the quarantine as the parent of what is created below it. What the quarantine is
// below may be created: Dovecot 2.4 does that for INBOX with the first message.
bool may_create(mailbox *box) {
  UserContext *user = user_context(box->storage->user);
  if (user == nullptr || !is_outsider(*user, box) || !is_below_quarantine(box, *user->settings))
    return may_touch(box, Touched::mailbox);
  mail_storage_set_error(box->storage, MAIL_ERROR_PERM, kept);
  return false;
}

// To whom the quarantine is closed it is not there.
bool is_there(mailbox *box) {
  UserContext *user = user_context(box->storage->user);
  if (user == nullptr || !is_outsider(*user, box))
    return true;
  if (is_quarantine_mailbox(box, *user->settings))
    return access_of(box, *user) != Access::none;
  return may_open_other(box, *user);
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

int exists_override(mailbox *box, bool auto_boxes, mailbox_existence *existence_r) noexcept {
  if (check(box, is_there))
    return super(box).exists(box, auto_boxes, existence_r);
  *existence_r = MAILBOX_EXISTENCE_NONE;
  return 0;
}

// Of a mailbox that is not there: a delivery would create it, and be deferred when it may
// not. One that may not be opened has the mail filed elsewhere.
bool is_open_to_deliveries(mailbox *box) {
  UserContext *user = user_context(box->storage->user);
  if (user == nullptr || user->internal_access > 0 || !delivers(box->storage->user) ||
      !is_below_quarantine(box, *user->settings))
    return true;
  mail_storage_set_error(box->storage, MAIL_ERROR_PERM, closed);
  return false;
}

// The mark is in the index, which is read when the mailbox is opened. From then on its name
// is known, and a reviewer who opens it once more has what he may have.
bool may_stay_open(mailbox *box) {
  UserContext *user = user_context(box->storage->user);
  if (user == nullptr || is_rebuilding(box->storage) || !is_forgotten_quarantine(box) ||
      !is_outsider(*user, box))
    return true;
  mailbox_close(box);
  mail_storage_set_error(box->storage, MAIL_ERROR_PERM, closed);
  return false;
}

// Who looks into the quarantine is told, whether he goes on to release anything or not.
bool tell_of_opening(mailbox *box) {
  UserContext *user = user_context(box->storage->user);
  if (user == nullptr || !is_client(*user, box) || mailbox_context(box)->counted_alone ||
      !is_quarantine_mailbox(box, *user->settings))
    return true;
  EventFields fields(box);
  fields.mailbox = box->vname;
  fields.action = "opened";
  add_actor(fields, box->storage->user);
  send_event(box->event, event_quarantine_opened, EventLevel::info, fields,
             std::string("quarantine: mailbox ") + box->vname + " opened over " +
                 std::string(service_of(box->storage->user)) + " by " + actor_text(fields));
  return true;
}

int open_override(mailbox *box) noexcept {
  if (!check(box, may_open))
    return -1;
  int ret = super(box).open(box);
  if (ret < 0 && box->storage->error == MAIL_ERROR_NOTFOUND)
    (void)check(box, is_open_to_deliveries);
  if (ret == 0 && !check(box, may_stay_open))
    return -1;
  if (ret == 0)
    (void)check(box, tell_of_opening);
  return ret;
}

int get_status_override(mailbox *box, mailbox_status_items items,
                        mailbox_status *status_r) noexcept {
  if (!check(box, may_open))
    return -1;
  // The counts of STATUS, which clients ask for again and again, show no message.
  mailbox_context(box)->counted_alone = box->opened == 0;
  int ret = super(box).get_status(box, items, status_r);
  mailbox_context(box)->counted_alone = false;
  return ret;
}

int get_metadata_override(mailbox *box, mailbox_metadata_items items,
                          mailbox_metadata *metadata_r) noexcept {
  return check(box, may_open) ? super(box).get_metadata(box, items, metadata_r) : -1;
}

int create_override(mailbox *box, const struct mailbox_update *update, bool directory) noexcept {
  return check(box, may_create) ? super(box).create_box(box, update, directory) : -1;
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
  if (!check(target, may_create)) {
    mail_storage_set_error(source->storage, MAIL_ERROR_PERM, kept);
    return -1;
  }
  int ret = super(source).rename_box(source, target);
  if (ret == 0)
    (void)guarded("noting a new name of the quarantine", false, [&] {
      follow_rename(source->list, source->name, target->list, target->name);
      return true;
    });
  return ret;
}

int set_subscribed_override(mailbox *box, bool set) noexcept {
  return check(box, may_change) ? super(box).set_subscribed(box, set) : -1;
}

int attribute_set_override(mailbox_transaction_context *transaction, mail_attribute_type type,
                           const char *key, const mail_attribute_value *value) noexcept {
  mailbox *box = transaction->box;
  bool allowed =
      guarded("checking a change of METADATA", false, [&] { return may_set_attribute(box, key); });
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

// INBOX, which each client expects, and to which a release goes; and what the quarantine is
// below, through which a client finds it if it is open to him.
bool is_needed_by_reviewer(mail_namespace *ns, const char *vname, bool open,
                           const Settings &settings) {
  if (strcasecmp(vname, "INBOX") == 0)
    return true;
  return open &&
         settings.quarantine_mailbox.starts_with(std::string(vname) + mail_namespace_get_sep(ns));
}

bool is_hidden(mailbox_list *list, const char *vname) {
  UserContext *user = user_context(list->ns->user);
  if (user == nullptr || user->internal_access > 0 || is_rebuilding(list->ns->storage))
    return false;
  bool reviewed = sees_quarantine_alone(list->ns->user, *user->settings);
  bool open = quarantine_access(list->ns, *user->settings) != Access::none;
  if ((reviewed || !open) && is_quarantine_name(list->ns, vname, *user->settings) &&
      look_for_owner(list->ns, vname) == Owner::quarantine)
    return !open;
  return reviewed && !is_needed_by_reviewer(list->ns, vname, open, *user->settings) &&
         !is_done_by_dovecot();
}

const mailbox_info *iter_next(mailbox_list_iterate_context *iteration) noexcept {
  mailbox_list *list = iteration->list;
  const mailbox_info *info;
  while ((info = list_context(list)->super.iter_next(iteration)) != nullptr) {
    // What Dovecot lists for its own index is all there is.
    bool own = (iteration->flags & MAILBOX_LIST_ITER_RAW_LIST) != 0;
    bool hidden = !own && guarded("listing mailboxes", true, [&] {
      DataStackFrame frame;
      return is_hidden(list, info->vname);
    });
    if (!hidden)
      break;
  }
  return info;
}

// NOTIFY tells of mailboxes that are created, renamed and deleted by their names.
int notify_next(mailbox_list_notify *notify, const mailbox_list_notify_rec **rec) noexcept {
  mailbox_list *list = notify->list;
  int ret;
  while ((ret = list_context(list)->super.notify_next(notify, rec)) > 0) {
    bool hidden = guarded("telling of mailboxes", true, [&] {
      DataStackFrame frame;
      const char *old_name = (*rec)->old_vname;
      return is_hidden(list, (*rec)->vname) || (old_name != nullptr && is_hidden(list, old_name));
    });
    if (!hidden)
      break;
  }
  return ret;
}

} // namespace

bool may_append(mailbox *box) {
  UserContext *user = user_context(box->storage->user);
  if (user == nullptr || !is_closed_to_reviewer(box->storage->user, *user))
    return may_save(box);
  mail_storage_set_error(box->storage, MAIL_ERROR_PERM,
                         "Reviewers save nothing but what they release from the quarantine");
  return false;
}

bool may_save(mailbox *box) {
  UserContext *user = user_context(box->storage->user);
  if (user == nullptr || !is_outsider(*user, box) || !is_quarantine_mailbox(box, *user->settings))
    return true;
  mail_storage_set_error(box->storage, MAIL_ERROR_PERM,
                         "The quarantine takes nothing but what is held");
  return false;
}

void guard_mailbox(mailbox_vfuncs *v) {
  v->exists = exists_override;
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
  // That of the list's index, which is put below when the list is complete.
  v->notify_next = notify_next;
  MODULE_CONTEXT_SET_SELF(list, smime_list_module, context);
}

} // namespace smime
