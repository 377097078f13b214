#include "plugin/operator/subprocess.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>

extern char **environ;

namespace smime {
namespace {

using Clock = std::chrono::steady_clock;

class Descriptor {
public:
  Descriptor() = default;
  ~Descriptor() { reset(); }
  Descriptor(const Descriptor &) = delete;
  Descriptor &operator=(const Descriptor &) = delete;
  void reset(int fd = -1) {
    if (fd_ >= 0)
      (void)close(fd_);
    fd_ = fd;
  }
  int get() const { return fd_; }

private:
  int fd_ = -1;
};

// Two ends; a socket, so that a reader that went away is no signal to us.
bool make_pair(Descriptor &ours, Descriptor &theirs) {
  int fds[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) < 0)
    return false;
  ours.reset(fds[0]);
  theirs.reset(fds[1]);
  (void)fcntl(fds[0], F_SETFL, O_NONBLOCK);
  return true;
}

// By these the master of Dovecot tells a process that it is a service, and which of its
// descriptors are sockets. A program of Dovecot's that we start in the doveadm server would
// believe it, and doveconf ends with a panic over sockets that are none.
bool is_for_services(std::string_view variable) {
  std::string_view name = variable.substr(0, variable.find('='));
  constexpr std::array names{"LOG_SERVICE",       "DOVECOT_CHILD_PROCESS", "GENERATION",
                             "SERVICE_NAME",      "CLIENT_LIMIT",          "PROCESS_LIMIT",
                             "PROCESS_MIN_AVAIL", "SERVICE_COUNT",         "IDLE_KILL"};
  return name == "SOCKET_COUNT" || (name.starts_with("SOCKET") && name.ends_with("_SETTINGS")) ||
         std::find(names.begin(), names.end(), name) != names.end();
}

class Program {
public:
  Program(const NextPiece &next, unsigned seconds, ProgramResult &result)
      : next_(next), input_(next()), deadline_(Clock::now() + std::chrono::seconds(seconds)),
        result_(result) {}
  ~Program() {
    if (pid_ > 0) {
      (void)kill(pid_, SIGKILL);
      (void)wait_for_end();
    }
  }
  Program(const Program &) = delete;
  Program &operator=(const Program &) = delete;

  void run(const std::vector<std::string> &arguments) {
    if (!start(arguments))
      return;
    while (output_.get() >= 0 || errors_.get() >= 0) {
      if (!exchange())
        return;
    }
    int status = wait_for_end();
    if (WIFEXITED(status))
      result_.status = WEXITSTATUS(status);
    else
      result_.error = "it was killed by signal " + std::to_string(WTERMSIG(status));
  }

private:
  bool start(const std::vector<std::string> &arguments) {
    Descriptor in;
    Descriptor out;
    Descriptor err;
    if (!make_pair(input_end_, in) || !make_pair(output_, out) || !make_pair(errors_, err))
      return fail("socketpair");
    std::vector<char *> argv;
    for (const std::string &argument : arguments)
      argv.push_back(const_cast<char *>(argument.c_str()));
    argv.push_back(nullptr);
    std::vector<char *> environment = environment_of_no_service();
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, in.get(), STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, out.get(), STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, err.get(), STDERR_FILENO);
    // A doveadm server has its listeners, its caller's connection and a user's files open: who
    // takes over the scanner by a message would answer for it.
    posix_spawn_file_actions_addclosefrom_np(&actions, STDERR_FILENO + 1);
    errno = posix_spawn(&pid_, argv[0], &actions, nullptr, argv.data(), environment.data());
    posix_spawn_file_actions_destroy(&actions);
    if (errno != 0) {
      pid_ = -1;
      return fail(argv[0]);
    }
    return true;
  }

  bool fail(const char *what) {
    result_.error = std::string(what) + ": " + std::strerror(errno);
    return false;
  }

  // Once what is ready now, in both directions.
  bool exchange() {
    if (input_.empty())
      input_end_.reset();
    std::array<pollfd, 3> entries{
        {{output_.get(), POLLIN, 0}, {errors_.get(), POLLIN, 0}, {input_end_.get(), POLLOUT, 0}}};
    auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline_ - Clock::now()).count();
    int ready = left <= 0 ? 0 : poll(entries.data(), entries.size(), static_cast<int>(left));
    if (ready < 0 && errno == EINTR)
      return true;
    if (ready <= 0) {
      result_.error = ready == 0 ? "it did not end in time" : std::strerror(errno);
      return false;
    }
    if (entries[2].revents != 0)
      write_input();
    return (entries[0].revents == 0 || take(output_, result_.output)) &&
           (entries[1].revents == 0 || take(errors_, result_.errors));
  }

  void write_input() {
    ssize_t sent = send(input_end_.get(), input_.data(), input_.size(), MSG_NOSIGNAL);
    if (sent > 0)
      input_.remove_prefix(static_cast<std::size_t>(sent));
    else if (errno != EAGAIN && errno != EINTR)
      input_end_.reset();
    if (input_.empty() && input_end_.get() >= 0)
      input_ = next_();
  }

  bool take(Descriptor &from, std::string &text) {
    std::array<char, 16384> buffer;
    ssize_t size = read(from.get(), buffer.data(), buffer.size());
    if (size < 0 && (errno == EAGAIN || errno == EINTR))
      return true;
    if (size <= 0) {
      from.reset();
      return true;
    }
    text.append(buffer.data(), static_cast<std::size_t>(size));
    if (text.size() <= max_program_output)
      return true;
    result_.error = "it prints without end";
    return false;
  }

  int wait_for_end() {
    int status = 0;
    while (waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
    }
    pid_ = -1;
    return status;
  }

  const NextPiece &next_;
  std::string_view input_;
  Clock::time_point deadline_;
  ProgramResult &result_;
  pid_t pid_ = -1;
  Descriptor input_end_;
  Descriptor output_;
  Descriptor errors_;
};

} // namespace

std::vector<char *> environment_of_no_service() {
  std::vector<char *> variables;
  for (char **variable = environ; *variable != nullptr; variable++) {
    if (!is_for_services(*variable))
      variables.push_back(*variable);
  }
  variables.push_back(nullptr);
  return variables;
}

ProgramResult run_program(const std::vector<std::string> &arguments, std::string_view input,
                          unsigned seconds) {
  return run_program_on(
      arguments, [&] { return std::exchange(input, {}); }, seconds);
}

ProgramResult run_program_on(const std::vector<std::string> &arguments, const NextPiece &next,
                             unsigned seconds) {
  ProgramResult result;
  Program(next, seconds, result).run(arguments);
  return result;
}

} // namespace smime
