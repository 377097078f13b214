// Dovecot 2.4: the quarantine gets a mailbox block of its own in its namespace, with
// quota_ignore and without fts_autoindex.
#include "plugin/quarantine/exclusions.h"

#include "plugin/dovecot/ptr.h"
#include "plugin/quarantine/mark.h"
#include "plugin/settings/dovecot-24.h"

extern "C" {
#include "fts-settings.h"
#include "quota-settings.h"

// In the fts plugin, which may not be loaded.
#pragma weak fts_setting_parser_info
// In the quota plugin, likewise.
#pragma weak quota_setting_parser_info
}

#include <array>
#include <utility>

namespace smime {
namespace {

constexpr const char *block_name = "smime-quarantine";

// What the quarantine holds is not its owner's, and is larger than it arrived.
constexpr std::array<std::pair<const char *, const char *>, 4> quota_exceptions{{
    {"quota_ignore", "yes"},
    {"quota_mail_size", "unlimited"},
    {"quota_mailbox_count", "unlimited"},
    {"quota_mailbox_message_count", "unlimited"},
}};

struct NamespaceName {
  std::string block;
  std::size_t prefix_length = 0;
};

// The configured namespace that the mailbox is in: the one with the longest
// prefix.
NamespaceName namespace_of(mail_user *user, const std::string &mailbox) {
  NamespaceName best;
  if (!array_is_created(&user->set->namespaces))
    return best;
  unsigned count;
  const char *const *names = array_get(&user->set->namespaces, &count);
  for (unsigned i = 0; i < count; i++) {
    const char *error;
    auto set = get_block<mail_namespace_settings>(user->event, "namespace", names[i],
                                                  mail_namespace_setting_parser_info, &error);
    if (set == nullptr || set->disabled)
      continue;
    std::string prefix = set->prefix;
    if (mailbox.starts_with(prefix) && (best.block.empty() || prefix.size() > best.prefix_length))
      best = {names[i], prefix.size()};
  }
  return best;
}

bool has_plugin(const mail_user *user, std::string_view name) {
  for (const char *const *plugin = settings_boollist_get(&user->set->mail_plugins);
       *plugin != nullptr; plugin++) {
    if (name == *plugin)
      return true;
  }
  return false;
}

} // namespace

WithoutSizeLimit::WithoutSizeLimit(mailbox *) {}
WithoutSizeLimit::~WithoutSizeLimit() = default;

std::optional<std::uint64_t> message_size_limit(mailbox *box) {
  mail_user *user = box->storage->user;
  if (&quota_setting_parser_info == nullptr || !has_plugin(user, "quota"))
    return std::nullopt;
  const char *error;
  auto set = get_settings<quota_settings>(box->event, quota_setting_parser_info, &error);
  return set == nullptr || set->quota_mail_size == 0 || set->quota_mail_size == SET_SIZE_UNLIMITED
             ? std::nullopt
             : std::optional<std::uint64_t>(set->quota_mail_size);
}

void exclude_quarantine(mail_user *user, const Settings &settings) {
  bool quota = has_plugin(user, "quota");
  bool fts = has_plugin(user, "fts");
  settings_instance *instance = settings_instance_find(user->event);
  if ((!quota && !fts) || instance == nullptr)
    return;
  DataStackFrame frame;
  NamespaceName where = namespace_of(user, settings.quarantine_mailbox);
  if (where.block.empty())
    return;
  std::string list = "namespace/" + where.block + "/mailbox";
  auto set = [&](const std::string &key, const std::string &value) {
    settings_override(instance, key.c_str(), value.c_str(), SETTINGS_OVERRIDE_TYPE_CODE);
  };
  for (const std::string &name :
       {settings.quarantine_mailbox, name_beside(settings.quarantine_mailbox)}) {
    std::string own_name =
        block_name + std::string(name == settings.quarantine_mailbox ? "" : beside_suffix);
    set(list + "+", own_name);
    std::string block = list + "/" + own_name + "/";
    set(block + "mailbox_name", name.substr(where.prefix_length));
    for (auto [key, value] : quota_exceptions) {
      if (quota)
        set(block + key, value);
    }
    if (fts)
      set(block + "fts_autoindex", "no");
  }
  // Dovecot knows what "namespace" in these names is by the user's settings alone,
  // which it does not read again by itself.
  const char *error;
  (void)get_settings<mail_user_settings>(user->event, mail_user_setting_parser_info, &error);
}

std::optional<std::string> index_exclusion(mail_user *user, const Settings &settings) {
  if (&fts_setting_parser_info == nullptr || !has_plugin(user, "fts"))
    return std::nullopt;
  auto autoindex = [](event *e) {
    const char *error;
    auto set = get_settings<fts_settings>(e, fts_setting_parser_info, &error);
    return set != nullptr && set->autoindex;
  };
  if (!autoindex(user->event))
    return std::nullopt;
  mail_namespace *ns = mail_namespace_find(user->namespaces, settings.quarantine_mailbox.c_str());
  EventPtr e(mail_storage_mailbox_create_event(ns->list->event, ns->list,
                                               settings.quarantine_mailbox.c_str()));
  return autoindex(e.get()) ? "nothing"
                            : "fts_autoindex=no for mailbox " + settings.quarantine_mailbox;
}

} // namespace smime
