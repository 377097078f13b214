#include "desk/web/sandbox.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

namespace smime::desk {
namespace {

// What Dovecot's event loop, its HTTP server and OpenSSL need. A connection comes by accept(2);
// that to the worker is open already.
constexpr std::array allowed_calls{SCMP_SYS(read),
                                   SCMP_SYS(write),
                                   SCMP_SYS(readv),
                                   SCMP_SYS(writev),
                                   SCMP_SYS(close),
                                   SCMP_SYS(fstat),
                                   SCMP_SYS(lseek),
                                   SCMP_SYS(fcntl),
                                   SCMP_SYS(poll),
                                   SCMP_SYS(ppoll),
                                   SCMP_SYS(select),
                                   SCMP_SYS(pselect6),
                                   SCMP_SYS(epoll_wait),
                                   SCMP_SYS(epoll_pwait),
                                   SCMP_SYS(epoll_ctl),
                                   SCMP_SYS(epoll_create1),
                                   SCMP_SYS(accept),
                                   SCMP_SYS(accept4),
                                   SCMP_SYS(recvfrom),
                                   SCMP_SYS(recvmsg),
                                   SCMP_SYS(sendto),
                                   SCMP_SYS(sendmsg),
                                   SCMP_SYS(shutdown),
                                   SCMP_SYS(getsockopt),
                                   SCMP_SYS(setsockopt),
                                   SCMP_SYS(getsockname),
                                   SCMP_SYS(getpeername),
                                   SCMP_SYS(munmap),
                                   SCMP_SYS(mremap),
                                   SCMP_SYS(madvise),
                                   SCMP_SYS(brk),
                                   SCMP_SYS(futex),
                                   SCMP_SYS(getrandom),
                                   SCMP_SYS(clock_gettime),
                                   SCMP_SYS(clock_nanosleep),
                                   SCMP_SYS(nanosleep),
                                   SCMP_SYS(gettimeofday),
                                   SCMP_SYS(time),
                                   SCMP_SYS(times),
                                   SCMP_SYS(getrusage),
                                   SCMP_SYS(getpid),
                                   SCMP_SYS(getppid),
                                   SCMP_SYS(gettid),
                                   SCMP_SYS(getuid),
                                   SCMP_SYS(geteuid),
                                   SCMP_SYS(getgid),
                                   SCMP_SYS(getegid),
                                   SCMP_SYS(sched_yield),
                                   SCMP_SYS(rt_sigaction),
                                   SCMP_SYS(rt_sigprocmask),
                                   SCMP_SYS(rt_sigreturn),
                                   SCMP_SYS(sigaltstack),
                                   SCMP_SYS(restart_syscall),
                                   SCMP_SYS(exit),
                                   SCMP_SYS(exit_group)};

// Nothing honest comes near these.
constexpr std::array deadly_calls{SCMP_SYS(execve),
                                  SCMP_SYS(execveat),
                                  SCMP_SYS(fork),
                                  SCMP_SYS(vfork),
                                  SCMP_SYS(clone),
                                  SCMP_SYS(clone3),
                                  SCMP_SYS(ptrace),
                                  SCMP_SYS(bpf),
                                  SCMP_SYS(kill),
                                  SCMP_SYS(process_vm_readv),
                                  SCMP_SYS(process_vm_writev)};

// Everything else fails with EPERM: a library that looks for a file of its own goes on without.
bool filter_system_calls() {
  std::unique_ptr<void, decltype(&seccomp_release)> filter(seccomp_init(SCMP_ACT_ERRNO(EPERM)),
                                                           seccomp_release);
  bool ok = filter != nullptr;
  for (int call : allowed_calls)
    ok = ok && seccomp_rule_add(filter.get(), SCMP_ACT_ALLOW, call, 0) == 0;
  for (int call : deadly_calls)
    ok = ok && seccomp_rule_add(filter.get(), SCMP_ACT_KILL_PROCESS, call, 0) == 0;
  for (int call : {SCMP_SYS(mmap), SCMP_SYS(mprotect)})
    ok = ok && seccomp_rule_add(filter.get(), SCMP_ACT_ALLOW, call, 1,
                                SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0)) == 0;
  // abort() sends a signal to itself.
  ok = ok && seccomp_rule_add(filter.get(), SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 1,
                              SCMP_A0(SCMP_CMP_EQ, static_cast<scmp_datum_t>(getpid()), 0)) == 0;
  return ok && seccomp_load(filter.get()) == 0;
}

bool take_away(__rlimit_resource resource) {
  const struct rlimit none = {0, 0};
  return setrlimit(resource, &none) == 0;
}

} // namespace

bool enter_sandbox(std::string &error) {
  if (!take_away(RLIMIT_FSIZE) || !take_away(RLIMIT_CORE) || !take_away(RLIMIT_NPROC) ||
      prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0) {
    error = std::string("giving up rights: ") + std::strerror(errno);
    return false;
  }
  if (filter_system_calls())
    return true;
  error = "the system call filter cannot be installed";
  return false;
}

} // namespace smime::desk
