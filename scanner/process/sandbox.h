// What the scanner gives up before it reads the first untrusted byte. User,
// group, chroot and memory limit are set by Dovecot's master from the service
// block; the rest is here, in one list.
#ifndef SMIME_SANDBOX_H
#define SMIME_SANDBOX_H

#include <string>

namespace smime {

enum class Sandbox : unsigned char {
  service,
  inspect, // may write its report to a file
  key,     // has the escrow key, and talks to the scanner alone
};

// After Dovecot's restrictions; everything is loaded and open by then. No new
// file, process, connection or program is possible from then on. Returns false
// with error set if one of the restrictions cannot be had; the process must not
// read mail then.
bool enter_sandbox(Sandbox kind, std::string &error);

// For --inspect run by root: become nobody. All files must be open by then.
bool drop_root(std::string &error);

} // namespace smime

#endif
