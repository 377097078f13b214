// What doveadm smime status says of the files in which held mail is: whether mail can be held
// there, and who reads it past Dovecot, at a shell. No Dovecot header.
#ifndef SMIME_LOCAL_ACCESS_H
#define SMIME_LOCAL_ACCESS_H

#include "plugin/operator/findings.h"
#include "plugin/quarantine/reach.h"
#include "plugin/rules/settings.h"

#include <string>

namespace smime {

// reach: of the user's quarantine. as_root: the operator asks, and not the user himself.
Findings check_reach(const Reach &reach, bool as_root, const Settings &settings);

// For a user for whom no mailbox can be made in his store, of which reach says why. An account of
// the machine with which nobody logs in is such a user where the userdb is passwd: nothing is
// wrong with it. setting: the one that says where mail is.
Findings check_unusable_store(const Reach &reach, const std::string &store, const std::string &user,
                              const std::string &setting);

} // namespace smime

#endif
