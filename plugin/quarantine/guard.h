// What mail clients may not do: reach the quarantine, or touch a mailbox's policy.
#ifndef SMIME_GUARD_H
#define SMIME_GUARD_H

struct mailbox;
struct mailbox_vfuncs;
struct mailbox_list;

namespace smime {

// Whether the session may save into the mailbox or copy into it. If not, the storage's error
// is set.
bool may_save(mailbox *box);

// The same for a message that a client appends, which is none that is copied out of the
// quarantine.
bool may_append(mailbox *box);

// Replaces functions of a mailbox that is being allocated; the mailbox's context
// holds those that they call.
void guard_mailbox(mailbox_vfuncs *v);

// Leaves the quarantine out of the lists of those who may not open it.
void mailbox_list_created(mailbox_list *list) noexcept;

} // namespace smime

#endif
