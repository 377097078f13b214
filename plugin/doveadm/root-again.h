// What doveadm does as root between two users.
#ifndef SMIME_DOVEADM_ROOT_AGAIN_H
#define SMIME_DOVEADM_ROOT_AGAIN_H

#include "plugin/dovecot/compat.h"

#include <unistd.h>

namespace smime {

// While it lives we are root again, if we were before doveadm became the user.
class RootAgain {
public:
  RootAgain() : uid_(geteuid()) {
    if (uid_ != 0 && getuid() == 0)
      changed_ = seteuid(0) == 0;
  }
  ~RootAgain() {
    if (changed_ && seteuid(uid_) < 0)
      i_fatal("seteuid(%ld) failed: %m", static_cast<long>(uid_));
  }
  RootAgain(const RootAgain &) = delete;
  RootAgain &operator=(const RootAgain &) = delete;

private:
  uid_t uid_;
  bool changed_ = false;
};

} // namespace smime

#endif
