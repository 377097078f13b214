#include "desk/web/worker-link.h"

#include "common/safe-text.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <vector>

namespace smime::desk {
namespace {

// Longer than the worker lets a command run.
constexpr time_t answer_seconds = 120;
constexpr unsigned clock_milliseconds = 5000;
constexpr std::size_t read_size = 64UL * 1024;

extern "C" void link_readable(void *context) noexcept {
  (void)guarded("reading the worker's answers", false, [&] {
    static_cast<WorkerLink *>(context)->read_answers();
    return true;
  });
}

extern "C" void link_clock(void *context) noexcept {
  (void)guarded("looking at the clock", false, [&] {
    static_cast<WorkerLink *>(context)->look_at_clock();
    return true;
  });
}

} // namespace

std::unique_ptr<WorkerLink> WorkerLink::connect(const std::string &path, std::string &error) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof(address.sun_path)) {
    error = path + " is too long for a socket's path";
    return nullptr;
  }
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0 || ::connect(fd, reinterpret_cast<const sockaddr *>(&address), sizeof(address)) < 0) {
    error = path + ": " + std::strerror(errno) +
            " (service smime-desk-worker of conf.d/92-smime-desk.conf listens there)";
    if (fd >= 0)
      (void)close(fd);
    return nullptr;
  }
  (void)fcntl(fd, F_SETFL, O_NONBLOCK);
  return std::unique_ptr<WorkerLink>(new WorkerLink(fd));
}

WorkerLink::WorkerLink(int fd) : fd_(fd) {}

WorkerLink::~WorkerLink() {
  if (io_ != nullptr)
    io_remove(&io_);
  if (clock_ != nullptr)
    timeout_remove(&clock_);
  output_.reset();
  (void)close(fd_);
}

void WorkerLink::start(std::function<void()> ended) {
  on_end_ = std::move(ended);
  output_.reset(o_stream_create_fd(fd_, static_cast<size_t>(-1)));
  o_stream_set_no_error_handling(output_.get(), true);
  io_ = (io_add)(fd_, IO_READ, __FILE__, __LINE__, link_readable, this);
  clock_ = (timeout_add)(clock_milliseconds, __FILE__, __LINE__, link_clock, this);
}

std::uint64_t WorkerLink::send(Request request, Taker taker) {
  request.id = ++last_;
  waiting_[request.id] = {std::string(type_of(request)), time(nullptr) + answer_seconds,
                          std::move(taker)};
  std::string frame = frame_of(write_request(request));
  // What cannot be sent is noticed by the reading side, or by the clock.
  if (!ended_)
    o_stream_nsend(output_.get(), frame.data(), frame.size());
  return request.id;
}

void WorkerLink::forget(std::uint64_t number) { waiting_.erase(number); }

void WorkerLink::answer(std::uint64_t number, AnswerBody body, bool more) {
  auto found = waiting_.find(number);
  if (found == waiting_.end())
    return;
  Taker taker = more ? found->second.taker : std::move(found->second.taker);
  if (more)
    found->second.until = time(nullptr) + answer_seconds;
  else
    waiting_.erase(found);
  taker(std::move(body), more);
}

void WorkerLink::take_frame(const std::string &json) {
  auto head = read_answer_head(json);
  if (!head) {
    end("it wrote what is no answer");
    return;
  }
  auto found = waiting_.find(head->id);
  // Of a request that nobody waits for any more.
  if (found == waiting_.end())
    return;
  std::string error;
  auto body = read_answer(head->object, found->second.type, error);
  if (!body) {
    i_error("The worker's answer to %s cannot be read: %s", found->second.type.c_str(),
            log_text(error).c_str());
    answer(head->id, Failure{ErrorCode::unavailable, ""}, false);
    return;
  }
  answer(head->id, std::move(*body), head->more);
}

void WorkerLink::read_answers() {
  std::array<char, read_size> buffer;
  ssize_t size = read(fd_, buffer.data(), buffer.size());
  if (size < 0 && (errno == EAGAIN || errno == EINTR))
    return;
  if (size <= 0) {
    end(size == 0 ? "it ended the connection" : std::strerror(errno));
    return;
  }
  reader_.add({buffer.data(), static_cast<std::size_t>(size)});
  while (auto frame = reader_.next()) {
    take_frame(*frame);
    if (ended_)
      return;
  }
  if (reader_.is_broken())
    end("it wrote what is no frame");
}

void WorkerLink::look_at_clock() {
  time_t now = time(nullptr);
  std::vector<std::uint64_t> late;
  for (const auto &[number, waiting] : waiting_) {
    if (waiting.until < now)
      late.push_back(number);
  }
  for (std::uint64_t number : late)
    answer(number, Failure{ErrorCode::unavailable, ""}, false);
}

void WorkerLink::end(const char *why) {
  if (ended_)
    return;
  ended_ = true;
  i_error("The worker is gone (%s): this process ends, and Dovecot starts another one", why);
  if (io_ != nullptr)
    io_remove(&io_);
  std::vector<std::uint64_t> all;
  for (const auto &[number, waiting] : waiting_)
    all.push_back(number);
  for (std::uint64_t number : all)
    answer(number, Failure{ErrorCode::unavailable, ""}, false);
  on_end_();
}

} // namespace smime::desk
