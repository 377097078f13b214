#include "plugin/settings/dovecot.h"

#include "plugin/dovecot/compat.h"

#include <algorithm>

#ifdef SMIME_DOVECOT_24
#include "plugin/settings/dovecot-24.h"

extern "C" {
#include "dict.h"
}
#endif

namespace smime {
namespace {

#ifdef SMIME_DOVECOT_24

// Dovecot 2.4: real settings. What it refuses (a value from the userdb) comes as
// an error of the settings, as in 2.3.
NamedValues read_values(const mail_user *user, std::string &error) {
  return read_settings(user->event, error).value_or(NamedValues{});
}

#else

// Dovecot 2.3: plugin { } is an array of name, value, name, value.
NamedValues read_values(const mail_user *user, std::string &) {
  NamedValues values;
  if (!array_is_created(&user->set->plugin_envs))
    return values;
  unsigned count;
  const char *const *texts = array_get(&user->set->plugin_envs, &count);
  for (unsigned i = 0; i + 1 < count; i += 2) {
    if (str_begins(texts[i], "smime_"))
      values.emplace_back(texts[i], texts[i + 1]);
  }
  return values;
}

#endif

struct Known {
  NamedValues values;
  std::shared_ptr<const Settings> settings;
};

std::shared_ptr<const Settings> parse_if_new(Known &last, NamedValues values, std::string error) {
  if (!error.empty()) {
    auto wrong = std::make_shared<Settings>(parse_settings({}));
    wrong->unreadable = true;
    wrong->errors.push_back(std::move(error));
    return wrong;
  }
  if (last.settings == nullptr || values != last.values) {
    last.settings = std::make_shared<const Settings>(parse_settings(values));
    last.values = std::move(values);
  }
  return last.settings;
}

} // namespace

std::shared_ptr<const Settings> settings_of_user(mail_user *user) {
  static Known last;
  std::string error;
  NamedValues values = read_values(user, error);
  return parse_if_new(last, std::move(values), std::move(error));
}

#ifdef SMIME_DOVECOT_24

bool has_attribute_dict(const mail_namespace *ns) {
  EventPtr e(event_create(ns->list->event));
  settings_event_add_filter_name(e.get(), "mail_attribute");
  const char *error;
  auto set = get_settings<dict_settings>(e.get(), dict_setting_parser_info, &error);
  // Where it cannot be read, what uses it fails, and tells.
  return set == nullptr || !array_is_empty(&set->dicts);
}

// The block's own rules come before those that hold everywhere.
std::shared_ptr<const Settings> settings_of_mailbox(mailbox *box,
                                                    std::shared_ptr<const Settings> users) {
  static Known last;
  std::string error;
  NamedValues values = read_settings(box->event, error).value_or(NamedValues{});
  auto is_own = [&](const auto &value) {
    return value.first.starts_with("smime_rule ") &&
           std::none_of(users->rules.begin(), users->rules.end(),
                        [&](const Rule &rule) { return rule.setting == value.first; });
  };
  std::stable_partition(values.begin(), values.end(), is_own);
  return parse_if_new(last, std::move(values), std::move(error));
}

namespace {

bool same_rules(const Settings &one, const Settings &other) {
  return std::equal(one.rules.begin(), one.rules.end(), other.rules.begin(), other.rules.end(),
                    [](const Rule &a, const Rule &b) { return a.text == b.text; });
}

bool has_rules(const mail_namespace *ns, const char *mailbox, const Settings &users) {
  EventPtr e(mail_storage_mailbox_create_event(ns->list->event, ns->list, mailbox));
  std::string error;
  auto values = read_settings(e.get(), error);
  return !values || !same_rules(parse_settings(*values), users);
}

} // namespace

bool mailbox_blocks_have_rules(mail_user *user, const Settings &users) {
  DataStackFrame frame;
  for (mail_namespace *ns = user->namespaces; ns != nullptr; ns = ns->next) {
    // The namespace's own block, by a mailbox that none of the others is about.
    if (has_rules(ns, ns->prefix, users))
      return true;
    if (!array_is_created(&ns->set->parsed_mailboxes))
      continue;
    unsigned count;
    const mailbox_settings *const *blocks = array_get(&ns->set->parsed_mailboxes, &count);
    for (unsigned i = 0; i < count; i++) {
      if (has_rules(ns, mailbox_settings_get_vname(pool_datastack_create(), ns, blocks[i]), users))
        return true;
    }
  }
  return false;
}
#else
std::shared_ptr<const Settings> settings_of_mailbox(mailbox *,
                                                    std::shared_ptr<const Settings> users) {
  return users;
}

bool mailbox_blocks_have_rules(mail_user *, const Settings &) { return false; }
#endif

} // namespace smime
