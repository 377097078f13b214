// The settings of Sieve and of quota that hold for a user, for doveadm smime status.
#ifndef SMIME_SIEVE_QUOTA_H
#define SMIME_SIEVE_QUOTA_H

#include "plugin/dovecot/compat.h"
#include "plugin/rules/settings.h"

namespace smime {

// Each setting that names a script, and its value for active_sieve_file(): what 2.3
// has in "sieve", "sieve_before2" and the like. Those in no file are left out.
NamedValues sieve_settings(mail_user *user);

// Each setting that has to do with quota, and its value: in 2.3 "quota" and
// "quota_rule" with their numbers, in 2.4 "quota NAME" with the driver.
NamedValues quota_settings_of(mail_user *user);

} // namespace smime

#endif
