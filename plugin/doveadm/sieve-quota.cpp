#include "plugin/doveadm/sieve-quota.h"

#include <string_view>

namespace smime {
namespace {

// A script's place without its driver's name. Only the user's own is a folder with an
// active script.
std::string without_driver(std::string_view value) {
  return std::string(value.starts_with("file:") ? value.substr(5) : value);
}

// A setting and those with a number behind its name, from 2 on.
void append_numbered(mail_user *user, const std::string &kind, NamedValues &values) {
  if (const char *value = mail_user_plugin_getenv(user, kind.c_str()))
    values.emplace_back(kind, value);
  for (unsigned i = 2;; i++) {
    std::string name = kind + std::to_string(i);
    const char *value = mail_user_plugin_getenv(user, name.c_str());
    if (value == nullptr)
      return;
    values.emplace_back(name, value);
  }
}

} // namespace

NamedValues sieve_settings(mail_user *user) {
  const char *own = mail_user_plugin_getenv(user, "sieve");
  NamedValues values{{"sieve", own == nullptr ? "file:~/sieve;active=~/.dovecot.sieve" : own}};
  for (const char *kind : {"sieve_default", "sieve_before", "sieve_after"})
    append_numbered(user, kind, values);
  for (auto value = values.begin() + 1; value != values.end(); ++value)
    value->second = without_driver(value->second);
  return values;
}

NamedValues quota_settings_of(mail_user *user) {
  NamedValues values;
  for (const char *kind : {"quota", "quota_rule"})
    append_numbered(user, kind, values);
  return values;
}

} // namespace smime
