#include "scanner/process/sandbox.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <grp.h>
#include <memory>
#include <pwd.h>
#include <seccomp.h>
#include <span>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

namespace smime {
namespace {

struct ResourceLimit {
  __rlimit_resource resource;
  const char *name;
};

constexpr std::array<ResourceLimit, 3> forbidden{{
    {RLIMIT_FSIZE, "RLIMIT_FSIZE"}, // no byte to any file
    {RLIMIT_CORE, "RLIMIT_CORE"},   // mail does not end in core dumps
    {RLIMIT_NPROC, "RLIMIT_NPROC"}, // no new process
}};

// What the scanner and Dovecot's service loop need. Memory that is made
// executable is not among it; see filter_system_calls().
constexpr std::array allowed_calls{SCMP_SYS(read),
                                   SCMP_SYS(write),
                                   SCMP_SYS(readv),
                                   SCMP_SYS(writev),
                                   SCMP_SYS(pread64),
                                   SCMP_SYS(lseek),
                                   SCMP_SYS(close),
                                   SCMP_SYS(fstat),
                                   SCMP_SYS(newfstatat),
                                   SCMP_SYS(statx),
                                   SCMP_SYS(fcntl),
                                   SCMP_SYS(poll),
                                   SCMP_SYS(ppoll),
                                   SCMP_SYS(select),
                                   SCMP_SYS(pselect6),
                                   SCMP_SYS(epoll_wait),
                                   SCMP_SYS(epoll_pwait),
                                   SCMP_SYS(epoll_ctl),
                                   SCMP_SYS(epoll_create),
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
                                   SCMP_SYS(alarm),
                                   SCMP_SYS(setitimer),
                                   SCMP_SYS(clock_gettime),
                                   SCMP_SYS(clock_getres),
                                   SCMP_SYS(clock_nanosleep),
                                   SCMP_SYS(nanosleep),
                                   SCMP_SYS(gettimeofday),
                                   SCMP_SYS(time),
                                   SCMP_SYS(times),
                                   SCMP_SYS(getrusage),
                                   SCMP_SYS(setrlimit),
                                   SCMP_SYS(getrlimit),
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
                                   SCMP_SYS(exit_group),
                                   SCMP_SYS(uname),
                                   SCMP_SYS(sysinfo),
                                   SCMP_SYS(pipe),
                                   SCMP_SYS(pipe2)};

// What the process with the escrow key needs.
constexpr std::array key_calls{
    SCMP_SYS(read),         SCMP_SYS(write),           SCMP_SYS(recvfrom),
    SCMP_SYS(sendto),       SCMP_SYS(close),           SCMP_SYS(fcntl),
    SCMP_SYS(munmap),       SCMP_SYS(mremap),          SCMP_SYS(madvise),
    SCMP_SYS(brk),          SCMP_SYS(futex),           SCMP_SYS(getrandom),
    SCMP_SYS(getpid),       SCMP_SYS(gettid),          SCMP_SYS(clock_gettime),
    SCMP_SYS(rt_sigaction), SCMP_SYS(rt_sigprocmask),  SCMP_SYS(rt_sigreturn),
    SCMP_SYS(sched_yield),  SCMP_SYS(restart_syscall), SCMP_SYS(exit),
    SCMP_SYS(exit_group)};

// Nothing honest comes near these: who calls them is not the scanner any more.
constexpr std::array deadly_calls{
    SCMP_SYS(execve), SCMP_SYS(execveat),         SCMP_SYS(fork),   SCMP_SYS(vfork),
    SCMP_SYS(clone),  SCMP_SYS(clone3),           SCMP_SYS(ptrace), SCMP_SYS(process_vm_readv),
    SCMP_SYS(bpf),    SCMP_SYS(process_vm_writev)};

std::string failed(const char *what) { return std::string(what) + ": " + std::strerror(errno); }

// Everything else fails with EPERM: a library that looks for a file of its own
// goes on without it.
bool filter_system_calls(std::span<const int> allowed, std::string &error) {
  std::unique_ptr<void, decltype(&seccomp_release)> filter(seccomp_init(SCMP_ACT_ERRNO(EPERM)),
                                                           seccomp_release);
  bool ok = filter != nullptr;
  for (int call : allowed)
    ok = ok && seccomp_rule_add(filter.get(), SCMP_ACT_ALLOW, call, 0) == 0;
  for (int call : deadly_calls)
    ok = ok && seccomp_rule_add(filter.get(), SCMP_ACT_KILL_PROCESS, call, 0) == 0;
  for (int call : {SCMP_SYS(mmap), SCMP_SYS(mprotect)})
    ok = ok && seccomp_rule_add(filter.get(), SCMP_ACT_ALLOW, call, 1,
                                SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0)) == 0;
  // Signals and limits: its own alone. abort() needs the one, setrlimit() the other.
  ok = ok && seccomp_rule_add(filter.get(), SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 1,
                              SCMP_A0(SCMP_CMP_EQ, static_cast<scmp_datum_t>(getpid()), 0)) == 0;
  ok = ok && seccomp_rule_add(filter.get(), SCMP_ACT_ALLOW, SCMP_SYS(prlimit64), 1,
                              SCMP_A0(SCMP_CMP_EQ, 0, 0)) == 0;
  if (ok && seccomp_load(filter.get()) == 0)
    return true;
  error = "the system call filter cannot be installed";
  return false;
}

} // namespace

bool enter_sandbox(Sandbox kind, std::string &error) {
  for (const ResourceLimit &limit : forbidden) {
    if (kind == Sandbox::inspect && limit.resource == RLIMIT_FSIZE)
      continue;
    const struct rlimit none = {0, 0};
    if (setrlimit(limit.resource, &none) < 0) {
      error = failed(limit.name);
      return false;
    }
  }
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0) {
    error = failed("PR_SET_NO_NEW_PRIVS");
    return false;
  }
  if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0) {
    error = failed("PR_SET_DUMPABLE");
    return false;
  }
  return kind == Sandbox::key ? filter_system_calls(key_calls, error)
                              : filter_system_calls(allowed_calls, error);
}

bool drop_root(std::string &error) {
  if (geteuid() != 0) {
    // Started by one who only put root aside, as doveadm does for a user.
    if (setresgid(getegid(), getegid(), getegid()) == 0 &&
        setresuid(geteuid(), geteuid(), geteuid()) == 0)
      return true;
    error = failed("giving up root");
    return false;
  }
  const passwd *nobody = getpwnam("nobody");
  if (nobody == nullptr) {
    error = "there is no user nobody to become";
    return false;
  }
  if (setgroups(0, nullptr) < 0 || setresgid(nobody->pw_gid, nobody->pw_gid, nobody->pw_gid) < 0 ||
      setresuid(nobody->pw_uid, nobody->pw_uid, nobody->pw_uid) < 0) {
    error = failed("becoming user nobody");
    return false;
  }
  return true;
}

} // namespace smime
