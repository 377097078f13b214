// What the scanner gives up before it reads the first untrusted byte. User,
// group, chroot and memory limit are set by Dovecot's master from the service
// block; the rest is here, in one list.
#ifndef SMIME_SANDBOX_H
#define SMIME_SANDBOX_H

#include <string>

namespace smime {

// For the service, after Dovecot's restrictions. Returns false with error set
// if one of them cannot be had; the process must not serve then.
bool enter_sandbox(std::string &error);

// For --inspect run by root: become nobody. All files must be open by then.
bool drop_root(std::string &error);

} // namespace smime

#endif
