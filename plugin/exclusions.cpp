#include "exclusions.h"

#include "dovecot-ptr.h"

extern "C" {
#include "quota-plugin.h"
#include "quota-private.h"

// In the quota plugin, which may not be loaded.
#pragma weak quota_user_module
#pragma weak quota_root_add_rule
}

namespace smime {
namespace {

void exclude_from_quota(mail_user *user, const std::string &mailbox) {
  if (&quota_user_module == nullptr || &quota_root_add_rule == nullptr ||
      !quota_user_module.id.module_id_set)
    return;
  const auto *quota = static_cast<quota_user *>(QUOTA_USER_CONTEXT(user));
  if (quota == nullptr || quota->quota == nullptr)
    return;
  DataStackFrame frame;
  std::string rule = mailbox + ":ignore";
  unsigned count;
  quota_root *const *roots = array_get(&quota->quota->roots, &count);
  for (unsigned i = 0; i < count; i++) {
    const char *error;
    if (quota_root_add_rule(roots[i]->set, rule.c_str(), &error) < 0)
      e_warning(user->event, "smime: the quarantine is not excluded from quota: %s", error);
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

void exclude_quarantine(mail_user *user, const Settings &settings) {
  exclude_from_quota(user, settings.quarantine_mailbox);
  exclude_from_fts(user, settings.quarantine_mailbox);
}

} // namespace smime
