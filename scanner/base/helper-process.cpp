#include "scanner/base/helper-process.h"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

namespace smime {

int start_helper(time_t answer_seconds, const std::function<void(int channel)> &serve,
                 std::string &error) {
  std::array<int, 2> ends{};
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) < 0) {
    error = std::string("socketpair: ") + std::strerror(errno);
    return -1;
  }
  pid_t pid = fork();
  if (pid == 0) {
    // With it open here, too, the process would not see the scanner end.
    (void)close(ends[0]);
    serve(ends[1]);
    _exit(0);
  }
  int failure = errno;
  (void)close(ends[1]);
  if (pid < 0) {
    error = std::string("fork: ") + std::strerror(failure);
    (void)close(ends[0]);
    return -1;
  }
  const timeval wait = {answer_seconds, 0};
  (void)setsockopt(ends[0], SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
  return ends[0];
}

bool close_all_but(int channel, int kept) {
  for (int signal : {SIGTERM, SIGINT, SIGHUP, SIGCHLD, SIGALRM, SIGPIPE})
    (void)std::signal(signal, SIG_DFL);
  int null = open("/dev/null", O_RDWR | O_CLOEXEC);
  if (null < 0)
    return false;
  // Above all that is put in its place below.
  int high_channel = fcntl(channel, F_DUPFD_CLOEXEC, 10);
  int high_kept = fcntl(kept < 0 ? null : kept, F_DUPFD_CLOEXEC, 10);
  int high_null = fcntl(null, F_DUPFD_CLOEXEC, 10);
  return high_channel >= 0 && high_kept >= 0 && high_null >= 0 && dup2(high_channel, 0) >= 0 &&
         dup2(high_null, 1) >= 0 && dup2(high_null, 2) >= 0 && dup2(high_kept, 3) >= 0 &&
         close_range(kept < 0 ? 3 : 4, ~0U, 0) == 0;
}

} // namespace smime
