#include "desk/worker/runner.h"

#include "desk/worker/desk.h"
#include "desk/worker/doveadm-answer.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>

namespace smime::desk {

namespace {

constexpr unsigned full_milliseconds = 20;
constexpr std::size_t read_size = 64UL * 1024;
// A server has the settings of its start: what the operator changes is there after so long.
constexpr std::int64_t max_age_seconds = 30;

extern "C" void answer_readable(void *context) noexcept;
extern "C" void time_is_over(void *context) noexcept;
extern "C" void end_later(void *context) noexcept;
extern "C" void look_for_room(void *context) noexcept;

} // namespace

ServerConnection::ServerConnection(int fd) : fd_(fd), since_(steady_seconds()) {
  net_set_nonblock(fd, true);
  fd_close_on_exec(fd, true);
}

ServerConnection::~ServerConnection() { (void)close(fd_); }

bool ServerConnection::is_old() const { return steady_seconds() - since_ > max_age_seconds; }

bool ServerConnection::is_silent() const {
  char byte;
  return recv(fd_, &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 &&
         (errno == EAGAIN || errno == EWOULDBLOCK);
}

// One command, from its start to its end; the runner forgets it then.
class RunningCommand {
public:
  RunningCommand(Runner &runner, std::string session, Job job)
      : runner_(runner), session_(std::move(session)), job_(std::move(job)) {}
  ~RunningCommand() { remove_all(); }
  RunningCommand(const RunningCommand &) = delete;
  RunningCommand &operator=(const RunningCommand &) = delete;

  void start() {
    connection_ = runner_.take_connection(result_.error);
    if (connection_ == nullptr || !send_command()) {
      end();
      return;
    }
    watch();
    limit_ = (timeout_add)(job_.seconds * 1000, __FILE__, __LINE__, time_is_over, this);
  }

  void read_answer() {
    if (job_.is_unwanted && job_.is_unwanted()) {
      stop("nobody wants it any more");
      return;
    }
    if (job_.is_full && job_.is_full()) {
      io_remove(&watch_);
      room_ = (timeout_add)(full_milliseconds, __FILE__, __LINE__, look_for_room, this);
      return;
    }
    std::array<char, read_size> buffer;
    ssize_t size = read(connection_->fd(), buffer.data(), buffer.size());
    if (size < 0 && (errno == EAGAIN || errno == EINTR))
      return;
    if (size > 0)
      take({buffer.data(), static_cast<std::size_t>(size)});
    else if (answer_.has_status())
      end_with_status();
    else
      stop("doveadm's server ended (dovecot's log says why)");
  }

  // What the server does it does to its end: there is no way to tell it.
  void stop(const std::string &why) {
    result_.error = why;
    end();
  }

  void finish() { runner_.ended(this); }

  void room_again() {
    timeout_remove(&room_);
    watch();
    // What waits in the socket raises no event where nobody looked.
    read_answer();
  }

  const std::string &session() const { return session_; }
  Job &job() { return job_; }
  const ProgramResult &result() const { return result_; }

private:
  void watch() {
    watch_ = (io_add)(connection_->fd(), IO_READ, __FILE__, __LINE__, answer_readable, this);
  }

  void remove_all() {
    if (watch_ != nullptr)
      io_remove(&watch_);
    for (timeout **each : {&limit_, &ending_, &room_}) {
      if (*each != nullptr)
        timeout_remove(each);
    }
  }

  // All of it fits into the socket, or nothing is done.
  bool send_command() {
    std::string line;
    if (!std::exchange(connection_->was_used, true)) {
      line = doveadm_greeting;
      answer_.expect_greeting();
    }
    line += doveadm_line(job_.command);
    ssize_t sent = send(connection_->fd(), line.data(), line.size(), MSG_NOSIGNAL);
    if (sent == static_cast<ssize_t>(line.size()))
      return true;
    result_.error = sent < 0 ? std::string("asking doveadm's server: ") + std::strerror(errno)
                             : "the command is too long for doveadm's server";
    return false;
  }

  void take(std::string_view bytes) {
    std::string output;
    bool ok = answer_.take(bytes, output);
    if (!output.empty() && job_.stream)
      job_.stream(output);
    else
      result_.output += output;
    if (!ok) {
      stop(answer_.result().error);
      return;
    }
    if (result_.output.size() > Runner::max_output) {
      stop("it prints without end");
      return;
    }
    if (answer_.is_whole())
      end_with_status();
  }

  void end_with_status() {
    result_.status = answer_.result().status;
    result_.errors = answer_.result().errors;
    end();
  }

  // Not from inside of who asked for it.
  void end() {
    remove_all();
    if (answer_.is_whole() && result_.error.empty())
      runner_.give_back(std::move(connection_));
    connection_.reset();
    ending_ = (timeout_add)(0, __FILE__, __LINE__, end_later, this);
  }

  Runner &runner_;
  std::string session_;
  Job job_;
  ServerConnectionPtr connection_;
  DoveadmAnswer answer_;
  ProgramResult result_;
  ::io *watch_ = nullptr;
  timeout *limit_ = nullptr;
  timeout *ending_ = nullptr;
  timeout *room_ = nullptr;
};

namespace {

template <typename Body> void in_command(void *context, Body body) {
  (void)guarded("asking doveadm's server", false, [&] {
    body(*static_cast<RunningCommand *>(context));
    return true;
  });
}

extern "C" void answer_readable(void *context) noexcept {
  in_command(context, [](RunningCommand &command) { command.read_answer(); });
}

extern "C" void time_is_over(void *context) noexcept {
  in_command(context, [](RunningCommand &command) { command.stop("it did not end in time"); });
}

extern "C" void end_later(void *context) noexcept {
  in_command(context, [](RunningCommand &command) { command.finish(); });
}

extern "C" void look_for_room(void *context) noexcept {
  in_command(context, [](RunningCommand &command) { command.room_again(); });
}

} // namespace

Runner::Runner(std::string socket) : socket_(std::move(socket)) {}

Runner::~Runner() = default;

ServerConnectionPtr Runner::take_connection(std::string &error) {
  close_old();
  while (!idle_.empty()) {
    ServerConnectionPtr last = std::move(idle_.back());
    idle_.pop_back();
    if (last->is_silent())
      return last;
  }
  int fd = net_connect_unix(socket_.c_str());
  if (fd >= 0)
    return std::make_unique<ServerConnection>(fd);
  error = "asking doveadm's server by the socket " + socket_ + ": " + std::strerror(errno) +
          " (conf.d/92-smime-desk.conf)";
  return nullptr;
}

void Runner::give_back(ServerConnectionPtr connection) {
  if (!connection->is_old())
    idle_.push_back(std::move(connection));
}

void Runner::close_old() {
  std::erase_if(idle_, [](const ServerConnectionPtr &known) { return known->is_old(); });
}

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

// The first in turn who has not enough running already.
bool Runner::take_next(std::string &session, Job &job) {
  auto turn = std::find_if(turns_.begin(), turns_.end(), [this](const std::string &waits) {
    auto found = running_of_.find(waits);
    return found == running_of_.end() || found->second < max_running_of_session;
  });
  if (turn == turns_.end())
    return false;
  session = std::move(*turn);
  turns_.erase(turn);
  auto found = waiting_.find(session);
  job = std::move(found->second.front());
  found->second.pop_front();
  waiting_count_--;
  if (found->second.empty())
    waiting_.erase(found);
  else
    turns_.push_back(session);
  return true;
}

void Runner::start_next() {
  std::string session;
  Job job;
  while (running_.size() < max_running && take_next(session, job)) {
    running_of_[session]++;
    running_.push_back(std::make_unique<RunningCommand>(*this, session, std::move(job)));
    running_.back()->start();
    job = Job();
  }
}

void Runner::ended(RunningCommand *command) {
  auto found = std::find_if(running_.begin(), running_.end(),
                            [command](const auto &known) { return known.get() == command; });
  std::unique_ptr<RunningCommand> last = std::move(*found);
  running_.erase(found);
  auto running = running_of_.find(last->session());
  if (--running->second == 0)
    running_of_.erase(running);
  start_next();
  last->job().done(last->result());
}

} // namespace smime::desk
