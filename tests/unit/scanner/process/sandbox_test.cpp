#include "scanner/process/sandbox.h"

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <functional>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <CppUTest/TestHarness.h> // redefines new

using namespace smime;

namespace {

constexpr int no_sandbox = 99;

// The wait status of a process that does something within the sandbox and exits
// with what it returns.
int status_of(const std::function<int()> &what, Sandbox kind = Sandbox::service) {
  pid_t pid = fork();
  if (pid == 0) {
    std::string error;
    _exit(enter_sandbox(kind, error) ? what() : no_sandbox);
  }
  int status = 0;
  (void)waitpid(pid, &status, 0);
  return status;
}

// The errno with which it fails, or 0.
int failure_of(const std::function<long()> &call, Sandbox kind = Sandbox::service) {
  int status = status_of([&] { return call() < 0 ? errno : 0; }, kind);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

bool is_deadly(const std::function<long()> &call) {
  int status = status_of([&] {
    (void)call();
    return 0;
  });
  return WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS;
}

} // namespace

TEST_GROUP(SandboxGroup){};

TEST(SandboxGroup, NoFiles) {
  LONGS_EQUAL(EPERM, failure_of([] { return open("/dev/null", O_RDONLY); }));
  LONGS_EQUAL(EPERM, failure_of([] { return open("/tmp/smime-test-x", O_CREAT | O_RDWR, 0600); }));
  LONGS_EQUAL(EPERM, failure_of([] { return unlink("/tmp/smime-test-none"); }));
  LONGS_EQUAL(EPERM, failure_of([] { return rename("/tmp/smime-test-none", "/tmp/x"); }));
  LONGS_EQUAL(EPERM, failure_of([] { return syscall(SYS_memfd_create, "x", 0); }));
}

TEST(SandboxGroup, NoByteToAFileThatIsOpen) {
  FILE *file = tmpfile();
  CHECK(file != nullptr);
  (void)signal(SIGXFSZ, SIG_IGN);
  LONGS_EQUAL(EFBIG, failure_of([&] { return write(fileno(file), "x", 1); }));
  LONGS_EQUAL(0, failure_of([&] { return write(fileno(file), "x", 1); }, Sandbox::inspect));
  (void)signal(SIGXFSZ, SIG_DFL);
  (void)fclose(file);
}

TEST(SandboxGroup, NoNetwork) {
  LONGS_EQUAL(EPERM, failure_of([] { return socket(AF_INET, SOCK_STREAM, 0); }));
  LONGS_EQUAL(EPERM, failure_of([] { return socket(AF_UNIX, SOCK_STREAM, 0); }));
  int pair[2];
  LONGS_EQUAL(0, socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
  LONGS_EQUAL(EPERM, failure_of([&] {
                sockaddr address{};
                return connect(pair[0], &address, sizeof(address));
              }));
  (void)close(pair[0]);
  (void)close(pair[1]);
}

TEST(SandboxGroup, NoProcessesAndNoPrograms) {
  CHECK(is_deadly([] { return fork(); }));
  CHECK(is_deadly([] { return execl("/bin/true", "true", nullptr); }));
  CHECK(is_deadly([] { return syscall(SYS_ptrace, 0, 0, 0, 0); }));
}

TEST(SandboxGroup, NoNewCode) {
  LONGS_EQUAL(EPERM, failure_of([] {
                return mmap(nullptr, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
                            MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED
                           ? -1L
                           : 0L;
              }));
}

TEST(SandboxGroup, NoSignalsToOthers) {
  pid_t parent = getpid();
  LONGS_EQUAL(EPERM, failure_of([=] { return kill(parent, 0); }));
  LONGS_EQUAL(EPERM, failure_of([=] { return syscall(SYS_tgkill, parent, parent, 0); }));
  struct rlimit limit;
  LONGS_EQUAL(EPERM, failure_of([&] { return prlimit(parent, RLIMIT_CPU, nullptr, &limit); }));
}

TEST(SandboxGroup, WorkGoesOn) {
  LONGS_EQUAL(0, failure_of([] {
                void *memory = std::malloc(50'000'000);
                std::free(memory);
                return memory == nullptr ? -1L : 0L;
              }));
}
