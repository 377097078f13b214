// Who may open the quarantine mailbox (smime_quarantine_access), and which
// mailbox that is, by whatever name it is called.
#ifndef SMIME_ACCESS_H
#define SMIME_ACCESS_H

#include "settings.h"

struct mail_namespace;
struct mail_storage;
struct mail_user;
struct mailbox;

namespace smime {

enum class Access : unsigned char { none, read_only, full };

// Whether the name is the quarantine's: its own, one in an alias namespace, or
// that of another user's quarantine in a shared namespace.
bool is_quarantine_name(mail_namespace *ns, const char *vname, const Settings &settings);
bool is_quarantine_mailbox(mailbox *box, const Settings &settings);

// Whether it is the quarantine or the quarantine is below it.
bool holds_quarantine_mailbox(mailbox *box, const Settings &settings);

// Whether the session behind user serves a mail client. lmtp, lda, doveadm and
// the indexer serve none.
bool serves_client(const mail_user *user);

// Whether Dovecot is at the rebuilding of a damaged mdbox, which happens in
// whatever process finds the damage (mdbox-storage-rebuild.c). What it cannot list
// or open then is taken for lost, and its messages are put into INBOX.
bool is_rebuilding(const mail_storage *storage);

// What the session behind user may do with the quarantine. Services that serve
// no client always have full access.
Access quarantine_access(const mail_user *user, const Settings &settings);

} // namespace smime

#endif
