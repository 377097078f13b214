// What a session of Dovecot's is for.
#ifndef SMIME_SESSION_H
#define SMIME_SESSION_H

#include <string_view>

struct mail_storage;
struct mail_user;

namespace smime {

// The name of the session's service: "imap", "lmtp"; empty if it has none.
std::string_view service_of(const mail_user *user);

// Whether the session behind user serves a mail client. lmtp, lda, doveadm and
// the indexer serve none.
bool serves_client(const mail_user *user);

// Whether it delivers mail (lmtp, lda).
bool delivers(const mail_user *user);

// Whether Dovecot is at the rebuilding of a damaged mdbox, which happens in
// whatever process finds the damage (mdbox-storage-rebuild.c). What it cannot list
// or open then is taken for lost, and its messages are put into INBOX.
bool is_rebuilding(const mail_storage *storage);

} // namespace smime

#endif
