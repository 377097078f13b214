#include "plugin/quarantine/exclusions.h"

#include "plugin/dovecot/ptr.h"
#include "plugin/dovecot/say.h"
#include "plugin/quarantine/access.h"
#include "plugin/quarantine/mark.h"
#include "plugin/settings/user-context.h"

extern "C" {
#include "quota-plugin.h"
#include "quota-private.h"

// In the quota plugin, which may not be loaded.
#pragma weak quota_user_module
#pragma weak quota_root_add_rule
}

#include <utility>

namespace smime {
namespace {

// Null if the quota plugin is not loaded, or the user has no quota.
quota *quota_of(mail_user *user) {
  if (&quota_user_module == nullptr || &quota_root_add_rule == nullptr ||
      !quota_user_module.id.module_id_set)
    return nullptr;
  const auto *context = static_cast<quota_user *>(QUOTA_USER_CONTEXT(user));
  return context == nullptr ? nullptr : context->quota;
}

// The one that counts what is saved to the mailbox (quota_transaction_begin() in quota.c).
quota *quota_of(mailbox *box) {
  const mail_namespace *ns = box->list->ns;
  return quota_of(ns->owner != nullptr ? ns->owner : ns->user);
}

void exclude_from_quota(mail_user *user, const std::string &mailbox) {
  quota *quota = quota_of(user);
  if (quota == nullptr)
    return;
  DataStackFrame frame;
  std::string rule = mailbox + ":ignore";
  unsigned count;
  quota_root *const *roots = array_get(&quota->roots, &count);
  for (unsigned i = 0; i < count; i++) {
    const char *error;
    if (quota_root_add_rule(roots[i]->set, rule.c_str(), &error) < 0)
      log_warning(user->event, std::string("the quarantine is not excluded from quota: ") + error);
  }
}

// mail_user_plugin_getenv() finds what is appended here. In the settings' own
// pool, which they live as long as.
void append_setting(mail_user *user, const std::string &name, const std::string &value) {
  pool_t pool = buffer_get_pool(user->set->plugin_envs.arr.buffer);
  const char *texts[] = {p_strdup(pool, name.c_str()), p_strdup(pool, value.c_str())};
  array_append(&user->set->plugin_envs, texts, 2);
}

void exclude_from_fts(mail_user *user, const std::string &mailbox) {
  if (!array_is_created(&user->set->plugin_envs) ||
      mail_user_plugin_getenv(user, "fts_autoindex") == nullptr)
    return;
  std::string name = "fts_autoindex_exclude";
  for (unsigned i = 2; const char *value = mail_user_plugin_getenv(user, name.c_str()); i++) {
    if (mailbox == value)
      return;
    name = "fts_autoindex_exclude" + std::to_string(i);
  }
  append_setting(user, name, mailbox);
}

} // namespace

std::optional<std::string> index_exclusion(mail_user *user, const Settings &settings) {
  if (mail_user_plugin_getenv(user, "fts_autoindex") == nullptr)
    return std::nullopt;
  std::string name = "fts_autoindex_exclude";
  for (unsigned i = 2; const char *value = mail_user_plugin_getenv(user, name.c_str()); i++) {
    if (settings.quarantine_mailbox == value)
      return name + "=" + value;
    name = "fts_autoindex_exclude" + std::to_string(i);
  }
  return "nothing";
}

WithoutSizeLimit::WithoutSizeLimit(mailbox *box) {
  UserContext *user = user_context(box->storage->user);
  if (user == nullptr || !is_quarantine_mailbox(box, *user->settings))
    return;
  quota *quota = quota_of(box);
  if (quota == nullptr)
    return;
  limit_ = &quota->set->max_mail_size;
  size_ = std::exchange(*limit_, 0);
}

WithoutSizeLimit::~WithoutSizeLimit() {
  if (limit_ != nullptr)
    *limit_ = size_;
}

std::optional<std::uint64_t> message_size_limit(mailbox *box) {
  const quota *quota = quota_of(box);
  return quota == nullptr || quota->set->max_mail_size == 0
             ? std::nullopt
             : std::optional<std::uint64_t>(quota->set->max_mail_size);
}

void exclude_quarantine(mail_user *user, const Settings &settings) {
  for (const std::string &name :
       {settings.quarantine_mailbox, name_beside(settings.quarantine_mailbox)}) {
    exclude_from_quota(user, name);
    exclude_from_fts(user, name);
  }
}

} // namespace smime
