// Our settings as Dovecot 2.4 reads them: known to doveconf by way of
// lib99_smime_settings.so, and to the plugin. Not compiled for 2.3.
#ifndef SMIME_SETTINGS_24_H
#define SMIME_SETTINGS_24_H

#include "plugin/dovecot/ptr.h"
#include "plugin/rules/settings.h"

#include <memory>
#include <optional>

extern "C" {
// Dovecot's, not ours.
#include <settings.h>
#include <settings-parser.h>

extern const struct setting_parser_info smime_setting_parser_info;
extern const struct setting_parser_info smime_rule_setting_parser_info;
extern const struct setting_parser_info smime_role_setting_parser_info;
}

namespace smime {

// A settings struct of Dovecot's, which has a pool.
struct SettingsUnref {
  template <typename Values> void operator()(const Values *set) const {
    pool_t pool = set->pool;
    pool_unref(&pool);
  }
};
template <typename Values> using SettingsPtr = std::unique_ptr<const Values, SettingsUnref>;

// The settings for an event; null with error_r set if there is something wrong
// with them. (Names in parentheses are the functions, not C's macros for them.)
template <typename Values>
SettingsPtr<Values> get_settings(event *e, const setting_parser_info &info, const char **error_r) {
  const void *set = nullptr;
  (void)(settings_get)(e, &info, static_cast<settings_get_flags>(0), __FILE__, __LINE__, &set,
                       error_r);
  return SettingsPtr<Values>(static_cast<const Values *>(set));
}

// Those of the named block "key name { }".
template <typename Values>
SettingsPtr<Values> get_block(event *e, const char *key, const char *name,
                              const setting_parser_info &info, const char **error_r) {
  const void *set = nullptr;
  (void)(settings_get_filter)(e, key, name, &info, static_cast<settings_get_flags>(0), __FILE__,
                              __LINE__, &set, error_r);
  return SettingsPtr<Values>(static_cast<const Values *>(set));
}

// The settings that hold for an event (a user's, a mailbox's), for
// parse_settings(). Nullopt with error set if Dovecot refuses them.
std::optional<NamedValues> read_settings(event *e, std::string &error);

} // namespace smime

#endif
