#include "settings-dovecot.h"

#include "dovecot-compat.h"

namespace smime {
namespace {

// Dovecot 2.3: plugin { } is an array of name, value, name, value.
NamedValues read_values(const mail_user *user) {
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

} // namespace

std::shared_ptr<const Settings> settings_of_user(mail_user *user) {
  static NamedValues last_values;
  static std::shared_ptr<const Settings> last_settings;

  NamedValues values = read_values(user);
  if (last_settings == nullptr || values != last_values) {
    last_settings = std::make_shared<const Settings>(parse_settings(values));
    last_values = std::move(values);
  }
  return last_settings;
}

} // namespace smime
