// Where Dovecot keeps our settings.
#ifndef SMIME_SETTINGS_DOVECOT_H
#define SMIME_SETTINGS_DOVECOT_H

#include "settings.h"

#include <memory>

struct mail_user;

namespace smime {

// The user's settings, variables expanded. Parsed anew only when the texts
// differ from those of the user before.
std::shared_ptr<const Settings> settings_of_user(mail_user *user);

} // namespace smime

#endif
