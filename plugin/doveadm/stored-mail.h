// The stored mail that the query of a command asks for (audit, verify).
#ifndef SMIME_STORED_MAIL_H
#define SMIME_STORED_MAIL_H

#include "plugin/doveadm/compat.h"

#include <functional>
#include <string>

namespace smime {

// Looks at one message in the mailbox of that name. Sets error if it could not be read.
using LookAtMail = std::function<void(mail *m, const char *mailbox, std::string &error)>;

// Gives look each message of the user's that context's search arguments ask for. A message
// that could not be read is logged and makes the command fail, unless somebody expunged it
// meanwhile; the others are looked at all the same. Returns -1 if there was such a message, or
// if a mailbox could not be opened.
int look_at_stored_mail(doveadm_mail_cmd_context *context, mail_user *user, const LookAtMail &look);

} // namespace smime

#endif
