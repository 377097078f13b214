// Who reaches the files of a mailbox: the process, and who has its uid and a shell. No Dovecot
// header.
#ifndef SMIME_QUARANTINE_REACH_H
#define SMIME_QUARANTINE_REACH_H

#include <cstdint>
#include <string>
#include <string_view>

namespace smime {

struct Reach {
  // The mailbox, or where it is not there yet what it would be made in.
  std::string path;
  // Why this process cannot read and write there; empty if it can.
  std::string error;
  std::uint32_t uid = 0;
  // The machine's account with that uid; empty if there is none.
  std::string account;
  // The program with which it logs in; empty if nobody logs in with it.
  std::string shell;
  // The account reaches the path with the groups that it has there. Groups that Dovecot gives
  // to its processes alone (mail_access_groups) are none of these. POSIX ACLs are not looked at.
  bool at_shell = false;
};

// Whether an account with this login shell can run commands; an empty one is /bin/sh
// (passwd(5)).
bool is_login_shell(std::string_view shell);

// With the rights of this process.
Reach look_at_reach(const std::string &path);

} // namespace smime

#endif
