#include "desk/worker/process.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>

namespace smime::desk {

namespace {

constexpr unsigned wait_milliseconds = 5;
constexpr unsigned full_milliseconds = 20;
constexpr std::size_t read_size = 64UL * 1024;
constexpr int first_inherited = 3;

extern "C" void output_readable(void *context) noexcept;
extern "C" void errors_readable(void *context) noexcept;
extern "C" void time_is_over(void *context) noexcept;
extern "C" void look_whether_ended(void *context) noexcept;
extern "C" void look_for_room(void *context) noexcept;

} // namespace

// One command, from its start to its end; the runner forgets it then.
class RunningProgram {
public:
  RunningProgram(Runner &runner, Job job) : runner_(runner), job_(std::move(job)) {}
  ~RunningProgram() {
    remove_all();
    if (pid_ > 0) {
      (void)kill(pid_, SIGKILL);
      while (waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
      }
    }
  }
  RunningProgram(const RunningProgram &) = delete;
  RunningProgram &operator=(const RunningProgram &) = delete;

  void start(const std::vector<std::string> &doveadm) {
    if (!spawn(doveadm)) {
      // Not from inside of who asked for it.
      ending_ = (timeout_add)(0, __FILE__, __LINE__, look_whether_ended, this);
      return;
    }
    output_.watch = (io_add)(output_.fd, IO_READ, __FILE__, __LINE__, output_readable, this);
    errors_.watch = (io_add)(errors_.fd, IO_READ, __FILE__, __LINE__, errors_readable, this);
    limit_ = (timeout_add)(job_.seconds * 1000, __FILE__, __LINE__, time_is_over, this);
  }

  void read_output() {
    if (job_.is_unwanted && job_.is_unwanted()) {
      stop("nobody wants it any more");
      return;
    }
    if (job_.is_full && job_.is_full()) {
      io_remove(&output_.watch);
      room_ = (timeout_add)(full_milliseconds, __FILE__, __LINE__, look_for_room, this);
      return;
    }
    take(output_, [this](std::string_view bytes) {
      if (job_.stream)
        job_.stream(bytes);
      else
        result_.output += bytes;
    });
    if (result_.output.size() > Runner::max_output)
      stop("it prints without end");
  }

  void read_errors() {
    take(errors_, [this](std::string_view bytes) {
      constexpr std::size_t most = 1024UL * 1024;
      result_.errors += bytes.substr(0, most - std::min(most, result_.errors.size()));
    });
  }

  void stop(const char *why) {
    result_.error = why;
    if (pid_ > 0)
      (void)kill(pid_, SIGKILL);
    close_end(output_);
    close_end(errors_);
    await_end();
  }

  void look_for_end() {
    int status = 0;
    pid_t ended = pid_ > 0 ? waitpid(pid_, &status, WNOHANG) : -1;
    if (ended == 0 || (ended < 0 && pid_ > 0 && errno == EINTR))
      return;
    if (ended > 0 && WIFEXITED(status) && result_.error.empty())
      result_.status = WEXITSTATUS(status);
    else if (ended > 0 && result_.error.empty())
      result_.error = "it was killed by signal " + std::to_string(WTERMSIG(status));
    pid_ = -1;
    runner_.ended(this);
  }

  void room_again() {
    timeout_remove(&room_);
    if (output_.fd >= 0)
      output_.watch = (io_add)(output_.fd, IO_READ, __FILE__, __LINE__, output_readable, this);
    // What waits in the pipe raises no event where nobody looked.
    if (output_.watch != nullptr)
      read_output();
  }

  Job &job() { return job_; }
  const ProgramResult &result() const { return result_; }

private:
  struct End {
    int fd = -1;
    ::io *watch = nullptr;
  };

  bool fail(const char *what) {
    result_.error = std::string(what) + ": " + std::strerror(errno);
    return false;
  }

  static void close_end(End &end) {
    if (end.watch != nullptr)
      io_remove(&end.watch);
    if (end.fd >= 0)
      (void)close(std::exchange(end.fd, -1));
  }

  void remove_all() {
    close_end(output_);
    close_end(errors_);
    for (timeout **each : {&limit_, &ending_, &room_}) {
      if (*each != nullptr)
        timeout_remove(each);
    }
  }

  // Ours does not block, and no other program inherits it.
  static bool make_pair(End &ours, int &theirs) {
    std::array<int, 2> fds;
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds.data()) < 0)
      return false;
    ours.fd = fds[0];
    theirs = fds[1];
    (void)fcntl(ours.fd, F_SETFL, O_NONBLOCK);
    return true;
  }

  // All of the input fits into the socket: a token and a line's end.
  bool spawn(const std::vector<std::string> &doveadm) {
    End input;
    std::array<int, 3> theirs{-1, -1, -1};
    bool ok = make_pair(input, theirs[0]) && make_pair(output_, theirs[1]) &&
              make_pair(errors_, theirs[2]);
    if (!ok)
      (void)fail("socketpair");
    else if (ok = exec(doveadm, theirs); ok && !job_.command.input.empty())
      (void)send(input.fd, job_.command.input.data(), job_.command.input.size(), MSG_NOSIGNAL);
    close_end(input);
    for (int fd : theirs) {
      if (fd >= 0)
        (void)close(fd);
    }
    return ok;
  }

  bool exec(const std::vector<std::string> &doveadm, const std::array<int, 3> &theirs) {
    std::vector<char *> argv;
    auto add = [&argv](const std::vector<std::string> &words) {
      for (const std::string &word : words)
        argv.push_back(const_cast<char *>(word.c_str()));
    };
    const std::vector<std::string> format{"-f", "json"};
    add(doveadm);
    if (job_.command.has_format)
      add(format);
    add(job_.command.words);
    argv.push_back(nullptr);
    std::vector<char *> environment = environment_of_no_service();
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    for (int target = 0; target < first_inherited; target++)
      posix_spawn_file_actions_adddup2(&actions, theirs.at(static_cast<std::size_t>(target)),
                                       target);
    posix_spawn_file_actions_addclosefrom_np(&actions, first_inherited);
    errno = posix_spawn(&pid_, argv[0], &actions, nullptr, argv.data(), environment.data());
    posix_spawn_file_actions_destroy(&actions);
    if (errno == 0)
      return true;
    pid_ = -1;
    return fail(argv[0]);
  }

  template <typename Give> void take(End &from, Give give) {
    std::array<char, read_size> buffer;
    ssize_t size = read(from.fd, buffer.data(), buffer.size());
    if (size > 0) {
      give({buffer.data(), static_cast<std::size_t>(size)});
      return;
    }
    if (size < 0 && (errno == EAGAIN || errno == EINTR))
      return;
    close_end(from);
    if (output_.fd < 0 && errors_.fd < 0)
      await_end();
  }

  void await_end() {
    if (ending_ == nullptr)
      ending_ = (timeout_add)(wait_milliseconds, __FILE__, __LINE__, look_whether_ended, this);
  }

  Runner &runner_;
  Job job_;
  ProgramResult result_;
  pid_t pid_ = -1;
  End output_;
  End errors_;
  timeout *limit_ = nullptr;
  timeout *ending_ = nullptr;
  timeout *room_ = nullptr;
};

namespace {

template <typename Body> void in_program(void *context, Body body) {
  (void)guarded("running doveadm", false, [&] {
    body(*static_cast<RunningProgram *>(context));
    return true;
  });
}

extern "C" void output_readable(void *context) noexcept {
  in_program(context, [](RunningProgram &program) { program.read_output(); });
}

extern "C" void errors_readable(void *context) noexcept {
  in_program(context, [](RunningProgram &program) { program.read_errors(); });
}

extern "C" void time_is_over(void *context) noexcept {
  in_program(context, [](RunningProgram &program) { program.stop("it did not end in time"); });
}

extern "C" void look_whether_ended(void *context) noexcept {
  in_program(context, [](RunningProgram &program) { program.look_for_end(); });
}

extern "C" void look_for_room(void *context) noexcept {
  in_program(context, [](RunningProgram &program) { program.room_again(); });
}

} // namespace

Runner::Runner(std::vector<std::string> doveadm) : doveadm_(std::move(doveadm)) {}

Runner::~Runner() = default;

bool Runner::run(const std::string &session, Job job) {
  auto &mine = waiting_[session];
  if (waiting_count_ >= max_waiting || mine.size() >= max_waiting_of_session) {
    if (mine.empty())
      waiting_.erase(session);
    return false;
  }
  if (mine.empty())
    turns_.push_back(session);
  mine.push_back(std::move(job));
  waiting_count_++;
  start_next();
  return true;
}

bool Runner::take_next(Job &job) {
  if (turns_.empty())
    return false;
  std::string session = std::move(turns_.front());
  turns_.pop_front();
  auto found = waiting_.find(session);
  job = std::move(found->second.front());
  found->second.pop_front();
  waiting_count_--;
  if (found->second.empty())
    waiting_.erase(found);
  else
    turns_.push_back(std::move(session));
  return true;
}

void Runner::start_next() {
  Job job;
  while (running_.size() < max_running && take_next(job)) {
    running_.push_back(std::make_unique<RunningProgram>(*this, std::move(job)));
    running_.back()->start(doveadm_);
    job = Job();
  }
}

void Runner::ended(RunningProgram *program) {
  auto found = std::find_if(running_.begin(), running_.end(),
                            [program](const auto &known) { return known.get() == program; });
  std::unique_ptr<RunningProgram> last = std::move(*found);
  running_.erase(found);
  start_next();
  last->job().done(last->result());
}

} // namespace smime::desk
