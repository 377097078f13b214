// Who may open the quarantine mailbox (smime_quarantine_access), and which
// mailbox that is, by whatever name it is called.
#ifndef SMIME_ACCESS_H
#define SMIME_ACCESS_H

#include "plugin/rules/settings.h"

struct mail_namespace;
struct mail_storage;
struct mail_user;
struct mailbox;

namespace smime {

enum class Access : unsigned char { none, read_only, full };

// Whether the name is one of the quarantine's, which has two (name_beside()): as it is, in
// an alias namespace, or of another user's quarantine in a shared namespace.
bool is_configured_name(mail_namespace *ns, const char *vname, const Settings &settings);

// Whether it is such a name, or one that the quarantine had before (quarantine/known-names.h).
// The mailbox may be the user's own all the same.
bool is_quarantine_name(mail_namespace *ns, const char *vname, const Settings &settings);

// Whether the mailbox has such a name and is not the user's own.
bool is_quarantine_mailbox(mailbox *box, const Settings &settings);

// Whether it is the quarantine or the quarantine is below it.
bool holds_quarantine_mailbox(mailbox *box, const Settings &settings);

// Whether the mailbox, a quarantine, may hold mail of several users: it is in a public
// namespace, or another user's.
bool is_central(mailbox *box);
bool is_central(const mail_namespace *ns);

// Whether it is below the quarantine.
bool is_below_quarantine(mailbox *box, const Settings &settings);

// Whether it is a reviewer's session ("user*reviewer", whom smime_reviewers or a role names) to
// which all mailboxes but the quarantine are closed. Where the settings cannot be read, so that
// nobody knows who is one, that of any master user.
bool sees_quarantine_alone(const mail_user *user, const Settings &settings);

// Whether a session with full access to the quarantine may do this with what is in it: a
// reviewer's what his roles say, others everything.
bool may_in_session(const mail_user *user, const Settings &settings, Act act);

// How many names have to approve before a message leaves the quarantine in this session.
unsigned approvals_in_session(const mail_user *user, const Settings &settings);

// What the session behind a namespace may do with the quarantine in it, but for our own work. To
// mail that is delivered it is not there. Other services that serve no client have full access.
// One that holds others' mail, in a public or shared namespace, has no owner to be opened to.
// A reviewer whose role is limited to some messages has no access: a mailbox is open as a whole.
Access quarantine_access(const mail_namespace *ns, const Settings &settings);

} // namespace smime

#endif
