// Our overrides of mailbox functions.
#ifndef SMIME_MAILBOX_H
#define SMIME_MAILBOX_H

struct mailbox;

namespace smime {

void mailbox_allocated(mailbox *box) noexcept;
void mailbox_opened(mailbox *box) noexcept;

} // namespace smime

#endif
