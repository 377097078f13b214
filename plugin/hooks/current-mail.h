// Which mail of a mailbox a session is at work on. Sieve in an IMAP session
// (imapsieve, FILTER=SIEVE) saves edited copies that do not tell what they were
// made from; it keeps the original open meanwhile.
#ifndef SMIME_CURRENT_MAIL_H
#define SMIME_CURRENT_MAIL_H

#include "plugin/dovecot/compat.h"

namespace smime {

void mail_allocated(mail *m) noexcept;

} // namespace smime

#endif
