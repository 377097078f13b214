#include "plugin/scan/scanner-connect.h"

#include "plugin/dovecot/ptr.h"
#include "plugin/scan/scanner-sockets.h"

#include <cerrno>
#include <cstring>
#include <sys/prctl.h>
#include <unistd.h>

namespace smime {
namespace {

// lmtp and doveadm have the real uid 0 and the effective uid of the user that they work for
// (restrict_access() with allow_setuid_root). The effective uid alone changes here; the
// saved one is 0 before and after.
class EffectiveRoot {
public:
  EffectiveRoot() : user_(geteuid()), dumpable_(prctl(PR_GET_DUMPABLE)) {
    raised_ = user_ != 0 && getuid() == 0 && seteuid(0) == 0;
  }
  // To go on with root's rights would be worse than to end.
  ~EffectiveRoot() {
    if (!raised_)
      return;
    if (seteuid(user_) < 0)
      i_fatal("smime: seteuid(%s) failed: %m", dec2str(user_));
    // The kernel took this away with the change of the uid; Dovecot had set it for core dumps.
    if (dumpable_ == 1)
      (void)prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
  }
  EffectiveRoot(const EffectiveRoot &) = delete;
  EffectiveRoot &operator=(const EffectiveRoot &) = delete;

private:
  uid_t user_;
  int dumpable_;
  bool raised_;
};

int connect_once(const std::string &path) {
  int fd = net_connect_unix(path.c_str());
  if (fd >= 0)
    fd_close_on_exec(fd, TRUE);
  return fd;
}

std::string failed(const std::string &path, int problem) {
  return "connect(" + path + ") failed: " + std::strerror(problem);
}

} // namespace

int connect_to_scanner(const std::string &path, std::string &error) {
  int problem = 0;
  {
    EffectiveRoot root;
    int fd = connect_once(path);
    if (fd >= 0)
      return fd;
    problem = errno;
  }
  error = failed(path, problem);
  if (belongs_to_user_socket(problem, getuid())) {
    std::string other = user_socket_path(path);
    int fd = connect_once(other);
    if (fd >= 0)
      return fd;
    problem = errno;
    error += "; " + failed(other, problem);
    if (problem == ENOENT)
      error += ": service smime-scanner-user of 90-smime.conf is missing";
  }
  errno = problem;
  return -1;
}

} // namespace smime
