// Keeps what happens in the quarantine from other plugins: lazy_expunge copies what is
// expunged to where its owner reads it, notify tells his telephone who wrote to him.
#ifndef SMIME_QUARANTINE_SECLUSION_H
#define SMIME_QUARANTINE_SECLUSION_H

#include "plugin/dovecot/compat.h"

namespace smime {

// For the mailbox_allocated hook, when the mailbox's context is set: the quarantine is
// created by us without a word to other plugins.
void seclude_creation(mailbox *box);

// For an opened mailbox whose functions are built and kept in its context: no transaction
// of the quarantine is told to the notify plugin and those that stand on it.
void seclude_transactions(mailbox *box);

// Whether the mailbox is a quarantine.
bool is_in_quarantine(mailbox *box);

// What changes a message of the quarantine. Each must go on to the storage's own function.
struct SecludedChanges {
  void (*expunge)(mail *);
  void (*update_flags)(mail *, modify_type, mail_flags);
  void (*update_keywords)(mail *, modify_type, mail_keywords *);
};

// For the mail_allocated hook, of a message in the quarantine: makes these the functions
// that callers call, above those of all other plugins. An imapsieve script of the owner's
// would run in the session of the reviewer who marks a message.
void put_on_top(mail_private *m, const SecludedChanges &changes);

// What the acl plugin, which is passed over as well, lets the session do in the mailbox:
// expunge, and change these flags (a bit set of mail_flags; keywords go with \Flagged).
bool has_expunge_right(mailbox *box);
unsigned changeable_flags(mailbox *box);

} // namespace smime

#endif
