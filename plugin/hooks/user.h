// A user's session begins.
#ifndef SMIME_USER_HOOK_H
#define SMIME_USER_HOOK_H

struct mail_user;

namespace smime {

void user_created(mail_user *user) noexcept;

} // namespace smime

#endif
