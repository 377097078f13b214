// The mailboxes of the quarantine, and those that have its name but are their owner's
// (mark.h).
#ifndef SMIME_QUARANTINE_OWNERSHIP_H
#define SMIME_QUARANTINE_OWNERSHIP_H

#include "plugin/dovecot/ptr.h"
#include "plugin/quarantine/mark.h"
#include "plugin/rules/settings.h"

#include <string>
#include <vector>

namespace smime {

// Of a mailbox with one of the quarantine's names: looks at its mark and the messages that
// came since, and keeps what it found with it. What cannot be told is the quarantine's. With a
// name that the quarantine had before it is so until it is empty; then it is its owner's, with
// its name, and the mark goes. Opens the mailbox for itself.
Owner look_for_owner(mail_namespace *ns, const std::string &vname);

// The same of a mailbox that is at hand. Of an opened one, what was found when it was opened.
bool is_users_own(mailbox *box);

// For the open function, before the mailbox is opened.
void note_owner(mailbox *box);

// Whether the opened mailbox carries the mark of a quarantine though its name is none that is
// known: it was renamed by others than Dovecot, or marked by an earlier version. Its name is
// known from then on.
bool is_forgotten_quarantine(mailbox *box);

// For an opened mailbox whose functions are built and kept in its context. If it is its
// owner's and becomes the quarantine's, its session is at an end.
void watch_owner(mailbox *box);

// The mailbox that mail is held in, open and marked, created if needed. Null with error set.
MailboxPtr open_to_hold(mail_user *user, const Settings &settings, std::string &error);

// The names of the mailboxes that there may be held mail in: those that are not the user's
// own. They need not exist. Those that the quarantine had before come last.
std::vector<std::string> quarantine_names(mail_user *user, const Settings &settings);

// Those of them that are not the quarantine's present ones; each has mail in it.
std::vector<std::string> former_names(mail_user *user, const Settings &settings);

// Those of the quarantine's names that are the user's own mailboxes.
std::vector<std::string> users_own_names(mail_user *user, const Settings &settings);

} // namespace smime

#endif
