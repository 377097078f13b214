// Our overrides of mailbox functions.
#ifndef SMIME_MAILBOX_H
#define SMIME_MAILBOX_H

struct mailbox;

namespace smime {

extern "C" void mailbox_allocated(mailbox *box) noexcept;
extern "C" void mailbox_opened(mailbox *box) noexcept;

} // namespace smime

#endif
