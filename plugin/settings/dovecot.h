// Where Dovecot keeps our settings.
#ifndef SMIME_SETTINGS_DOVECOT_H
#define SMIME_SETTINGS_DOVECOT_H

#include "plugin/rules/settings.h"

#include <memory>

struct mail_user;
struct mailbox;

namespace smime {

// The user's settings, variables expanded. Parsed anew only when the texts
// differ from those of the user before.
std::shared_ptr<const Settings> settings_of_user(mail_user *user);

// The settings that hold for a mailbox: in Dovecot 2.4 namespace and mailbox
// blocks can have their own; in 2.3 the user's.
std::shared_ptr<const Settings> settings_of_mailbox(mailbox *box,
                                                    std::shared_ptr<const Settings> users);

// Whether a mailbox block of Dovecot 2.4 has other rules than the user.
bool mailbox_blocks_have_rules(mail_user *user, const Settings &users);

} // namespace smime

#endif
