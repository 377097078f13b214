// How many messages an act is going to touch, before it does: what is chosen by a filter,
// or in the mail of several users, is counted and asked about at a terminal.
#ifndef SMIME_DOVEADM_CONFIRM_H
#define SMIME_DOVEADM_CONFIRM_H

#include "plugin/doveadm/quarantine.h"

namespace smime {

// To be called by the init of an act. With several users their mail is counted in a pass of
// its own where somebody has to be asked, or an id is not given as a whole and may be the
// beginning of several.
void prepare_count(doveadm_mail_cmd_context *context);

// In the pass that counts.
bool is_counting(const doveadm_mail_cmd_context *context);

// Counts what the act would touch of the user's. False with error set if that cannot be told.
bool count_selected(doveadm_mail_cmd_context *context, mail_user *user, std::string &error);

// Asks about what was counted, if anybody is to be asked. False, with the exit code set: the
// answer was not yes.
bool confirm_single_user(doveadm_mail_cmd_context *context, mail_user *user);

} // namespace smime

#endif
