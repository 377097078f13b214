#include "scanner/engines/clamd.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>
#include <vector>

namespace smime {
namespace {

using namespace std::string_view_literals;

// What is collected before it is sent as one chunk. Until then another address
// can still be tried.
constexpr std::size_t chunk_size = 64 * 1024;
constexpr std::size_t max_answer = 1024;

EngineVerdict failed(const std::string &text) { return {ScanVerdict::error, "clamd", text}; }

class Session : public EngineSession {
public:
  explicit Session(Clamd &clamd) : clamd_(clamd), first_(clamd.preferred()) {
    chunk_.reserve(chunk_size);
  }
  ~Session() override { close_stream(); }

  void feed(Bytes bytes) override {
    while (!bytes.empty() && !ended_) {
      std::size_t taken = std::min(bytes.size(), chunk_size - chunk_.size());
      chunk_.insert(chunk_.end(), bytes.begin(),
                    bytes.begin() + static_cast<std::ptrdiff_t>(taken));
      bytes = bytes.subspan(taken);
      if (chunk_.size() == chunk_size)
        send_chunk();
    }
  }

  EngineVerdict finish() override {
    // A stream that is still here as a whole can be sent again.
    std::size_t attempts = sent_ ? 1 : clamd_.address_count();
    for (std::size_t attempt = 0; attempt < attempts; attempt++) {
      if (!sent_)
        close_stream();
      if (!ended_ && (fd_ >= 0 || open()) && send_all(chunk_))
        (void)send_end();
      std::string answer = fd_ >= 0 ? read_answer() : "";
      if (!answer.empty()) {
        clamd_.prefer(index());
        return parse_clamd_answer(answer);
      }
    }
    // What failed once is not what the next message begins with.
    clamd_.prefer(index() + 1);
    return failed(error_);
  }

private:
  bool open() {
    while (fd_ < 0 && attempt_ < clamd_.address_count()) {
      attempt_++;
      fd_ = clamd_.open_stream(index(), error_);
    }
    ended_ = fd_ < 0;
    return fd_ >= 0;
  }

  // Of the address in use.
  std::size_t index() const {
    return (first_ + (attempt_ == 0 ? 0 : attempt_ - 1)) % clamd_.address_count();
  }

  void note(const std::string &what) {
    error_ += (error_.empty() ? "" : "; ") + clamd_.address(index()) + ": " + what;
  }

  void close_stream() {
    if (fd_ >= 0)
      (void)close(fd_);
    fd_ = -1;
  }

  void send_chunk() {
    if ((fd_ < 0 && !open()) || !send_all(chunk_)) {
      ended_ = true; // its answer may say why
      sent_ = true;
      return;
    }
    sent_ = true;
    chunk_.clear();
  }

  bool send_bytes(const void *data, std::size_t size, int flags) {
    const char *at = static_cast<const char *>(data);
    while (size > 0) {
      ssize_t sent = send(fd_, at, size, MSG_NOSIGNAL | flags);
      if (sent <= 0) {
        note(std::string("sending failed: ") + std::strerror(errno));
        return false;
      }
      at += sent;
      size -= static_cast<std::size_t>(sent);
    }
    return true;
  }

  // A chunk: its length in network byte order, and as many bytes.
  bool send_all(const std::vector<unsigned char> &chunk) {
    auto size = static_cast<std::uint32_t>(chunk.size());
    std::array<unsigned char, 4> header{
        static_cast<unsigned char>(size >> 24), static_cast<unsigned char>(size >> 16),
        static_cast<unsigned char>(size >> 8), static_cast<unsigned char>(size)};
    return size == 0 || (send_bytes(header.data(), header.size(), MSG_MORE) &&
                         send_bytes(chunk.data(), chunk.size(), 0));
  }

  bool send_end() {
    static constexpr std::array<unsigned char, 4> end{};
    return send_bytes(end.data(), end.size(), 0);
  }

  std::string read_answer() {
    std::string answer;
    std::array<char, max_answer> buffer{};
    while (answer.size() < max_answer) {
      ssize_t size = recv(fd_, buffer.data(), buffer.size(), 0);
      if (size <= 0) {
        note(size == 0                                 ? "it ended the connection without an answer"
             : errno == EAGAIN || errno == EWOULDBLOCK ? "no answer in time"
                                                       : std::strerror(errno));
        return {};
      }
      answer.append(buffer.data(), static_cast<std::size_t>(size));
      if (answer.back() == '\0') {
        answer.pop_back();
        return answer;
      }
    }
    return answer;
  }

  Clamd &clamd_;
  std::size_t first_;
  std::vector<unsigned char> chunk_;
  int fd_ = -1;
  std::size_t attempt_ = 0;
  bool sent_ = false;
  bool ended_ = false;
  std::string error_;
};

} // namespace

std::unique_ptr<EngineSession> Clamd::begin() { return std::make_unique<Session>(*this); }

int Clamd::open_stream(std::size_t index, std::string &error) {
  std::string reason;
  int fd = connector_->connect(index, reason);
  if (fd < 0) {
    error += (error.empty() ? "" : "; ") + address(index) + ": " + reason;
    return -1;
  }
  const timeval wait = {static_cast<time_t>(timeout_), 0};
  (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
  (void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof(wait));
  constexpr auto command = "zINSTREAM\0"sv;
  if (send(fd, command.data(), command.size(), MSG_NOSIGNAL) !=
      static_cast<ssize_t>(command.size())) {
    error += (error.empty() ? "" : "; ") + address(index) + ": " + std::strerror(errno);
    (void)close(fd);
    return -1;
  }
  return fd;
}

EngineVerdict parse_clamd_answer(std::string_view answer) {
  EngineVerdict verdict{ScanVerdict::error, "clamd", std::string(answer.substr(0, 200))};
  if (answer.find("size limit exceeded") != std::string_view::npos) {
    verdict.verdict = ScanVerdict::uninspectable;
    return verdict;
  }
  // Only what is said of the stream counts.
  if (!answer.starts_with("stream: "))
    return verdict;
  answer.remove_prefix(8);
  if (answer == "OK") {
    verdict.verdict = ScanVerdict::clean;
  } else if (answer.ends_with(" FOUND")) {
    answer.remove_suffix(6);
    verdict.text = answer.substr(0, 200);
    verdict.verdict = answer.starts_with("Heuristics.Encrypted.") ||
                              answer.starts_with("Heuristics.Limits.Exceeded")
                          ? ScanVerdict::uninspectable
                          : ScanVerdict::infected;
  }
  return verdict;
}

} // namespace smime
