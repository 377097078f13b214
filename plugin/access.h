// Who may open the quarantine mailbox (smime_quarantine_access).
#ifndef SMIME_ACCESS_H
#define SMIME_ACCESS_H

#include "settings.h"

struct mail_user;
struct mailbox;

namespace smime {

enum class Access : unsigned char { none, read_only, full };

bool is_quarantine_mailbox(const mailbox *box, const Settings &settings);

// What the session behind user may do with the quarantine. Services that serve
// no client (lmtp, lda, doveadm, indexer) always have full access.
Access quarantine_access(const mail_user *user, const Settings &settings);

} // namespace smime

#endif
