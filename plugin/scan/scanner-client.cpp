// A request to the scanner: Conversation is one attempt at it. A connection that ends in the middle
// (the scanner was killed, replaced, or met its end in a library) costs the message nothing: it
// is asked again of another process, three times in all. If that fails as well, the scanner is
// asked about another message; where it answers that, it is this message on which it fails, and
// the caller holds it rather than defer it for ever (rules/fate.h). If it answers nothing, there
// is no report, and smime_scanner_failure says what then.
#include "plugin/scan/scanner-client.h"

#include "common/protocol.h"
#include "plugin/dovecot/large-read.h"
#include "plugin/dovecot/ptr.h"
#include "plugin/protect/marker-search.h"
#include "plugin/scan/connection.h"
#include "plugin/scan/memory-file.h"
#include "plugin/scan/scanner-connect.h"
#include "plugin/scan/spool-file.h"

extern "C" {
#include "fdpass.h"
}

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <functional>
#include <poll.h>
#include <string_view>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>

namespace smime {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t piece_size = 64 * 1024;

// How long to wait before the next try where others are served.
constexpr useconds_t queue_microseconds = 10000;
constexpr useconds_t busy_microseconds = 50000;

// A message of such a size goes to the scanner as a file in memory: a socket
// holds less than this and would have both processes wait for each other, piece
// by piece. Memory does not grow with larger ones: they are in a file on disk
// where that may be, and go through the socket elsewhere.
// Where memory is kept, a file is the shorter way for smaller ones too.
constexpr std::uint64_t file_minimum = 128ULL * 1024;
constexpr std::uint64_t reused_minimum = 8ULL * 1024;
constexpr std::uint64_t file_maximum = 4ULL * 1024 * 1024;
// What is gone a moment later does not reach the disk, as long as it is not too much.
constexpr std::uint64_t spool_maximum = 64ULL * 1024 * 1024;
// Up to here the memory of the last message is used again.
constexpr std::uint64_t reusable_size = 1536ULL * 1024;

// A scanner that fails so often is asked about another message before it is asked again, and at
// last it is the message that has to be held.
constexpr unsigned attempts_before_doubt = 2;
constexpr unsigned max_attempts = 3;
constexpr std::string_view probe = "Subject: is the scanner well?\r\n\r\nYes.\r\n";

} // namespace

// One attempt.
class Conversation {
public:
  // How it ended, where it got as far as to a scanner.
  enum class Ending : unsigned char {
    none, // it did not, or the time is over
    report,
    busy,     // this user has all the connections that it may have
    outdated, // the scanner is of a version that knows no sender
    // The connection ended without an answer, as it does when a scanner process dies or is
    // replaced; another one may do better.
    lost,
    wrong, // a scanner had the message, and what it gave is no report
  };

  Conversation(const ScannerAddress &address, const Shortcuts &shortcuts,
               Clock::time_point &deadline, std::string &error)
      : address_(address), shortcuts_(shortcuts), deadline_(deadline), error_(error) {}

  // Connects and sends. What fails is told by finish().
  void start(istream *message, std::uint64_t size);
  std::optional<Report> finish();
  bool maybe_protected() const { return markers_.found(); }
  bool sent() const { return sent_; }
  MessageCopy take_copy() { return std::move(file_); }
  Ending ending() const { return ending_; }
  bool used_kept() const { return used_kept_; }

private:
  bool connect();
  MessageCopy make_memory_file(std::uint64_t size) const;
  bool spool(istream *message, std::uint64_t size);
  bool wait_for(int fd, short events, short &got);
  bool send_bytes(int fd, const unsigned char *data, std::size_t size);
  // Takes pieces of the message; false to stop.
  using Take = std::function<bool(const unsigned char *data, std::size_t size)>;
  bool read_message(istream *message, std::uint64_t size, const Take &take);
  bool send_message(int fd, istream *message, std::uint64_t size);
  bool write_file(istream *message, std::uint64_t size);
  bool send_file(int fd, std::uint64_t size);
  bool receive(int fd);
  std::optional<Report> read_answer(int fd);
  void set_timeout_error();

  const ScannerAddress &address_;
  const Shortcuts &shortcuts_;
  Clock::time_point &deadline_;
  std::string &error_;
  std::string input_;
  MarkerSearch markers_;
  std::shared_ptr<ScannerConnection> connection_;
  MessageCopy file_;
  bool sent_ = false;
  Ending ending_ = Ending::none;
  bool used_kept_ = false;
  bool answered_early_ = false;
};

void Conversation::set_timeout_error() {
  error_ =
      "no report within smime_scanner_timeout=" + std::to_string(address_.timeout_seconds) + "s";
}

// False with the error set.
bool Conversation::connect() {
  connection_ = ScannerConnection::take_kept(address_.path);
  used_kept_ = connection_ != nullptr;
  while (connection_ == nullptr) {
    int fd = connect_to_scanner(address_.path, error_);
    if (fd >= 0) {
      connection_ = std::make_shared<ScannerConnection>(fd, address_.path);
      break;
    }
    // EAGAIN: the listening queue is full, all scanners are busy.
    if (errno != EAGAIN)
      return false;
    if (Clock::now() >= deadline_) {
      set_timeout_error();
      return false;
    }
    (void)usleep(queue_microseconds);
  }
  return true;
}

bool Conversation::wait_for(int fd, short events, short &got) {
  for (;;) {
    auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline_ - Clock::now()).count();
    pollfd entry = {fd, events, 0};
    // What came in time may be asked for late.
    int ret = poll(&entry, 1, static_cast<int>(std::max<decltype(left)>(left, 0)));
    if (ret > 0) {
      got = entry.revents;
      return true;
    }
    if (ret == 0) {
      set_timeout_error();
      return false;
    }
    if (errno != EINTR) {
      error_ = std::string("poll() failed: ") + std::strerror(errno);
      return false;
    }
  }
}

bool Conversation::send_bytes(int fd, const unsigned char *data, std::size_t size) {
  while (size > 0) {
    ssize_t sent = send(fd, data, size, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent >= 0) {
      data += sent;
      size -= static_cast<std::size_t>(sent);
      continue;
    }
    if (errno == EINTR)
      continue;
    if (errno != EAGAIN) {
      // The scanner wants no more; it may have said why before it went.
      answered_early_ = true;
      return true;
    }
    short got = 0;
    if (!wait_for(fd, POLLOUT | POLLIN, got))
      return false;
    if ((got & POLLIN) != 0) {
      answered_early_ = true;
      return true;
    }
  }
  return true;
}

// Reads the whole message, once.
bool Conversation::read_message(istream *message, std::uint64_t size, const Take &take) {
  allow_large_reads(message);
  i_stream_seek(message, 0);
  std::uint64_t done = 0;
  const unsigned char *data;
  std::size_t available;
  while (!answered_early_ && done < size && read_large(message, &data, &available)) {
    available = static_cast<std::size_t>(std::min<std::uint64_t>(available, size - done));
    if (!take(data, available))
      return false;
    markers_.update({data, available});
    i_stream_skip(message, available);
    done += available;
  }
  if (message->stream_errno != 0) {
    error_ = std::string("reading the message failed: ") + i_stream_get_error(message);
    return false;
  }
  if (!answered_early_ && done != size) {
    error_ = "the message has " + std::to_string(done) + " bytes where " + std::to_string(size) +
             " were announced";
    return false;
  }
  return true;
}

bool Conversation::send_message(int fd, istream *message, std::uint64_t size) {
  // Large pieces: each one sent wakes the scanner.
  std::string pending = format_request({size, false, address_.arrival, address_.sender});
  auto flush = [&] {
    bool ok =
        answered_early_ ||
        send_bytes(fd, reinterpret_cast<const unsigned char *>(pending.data()), pending.size());
    pending.clear();
    return ok;
  };
  return read_message(message, size,
                      [&](const unsigned char *data, std::size_t length) {
                        pending.append(reinterpret_cast<const char *>(data), length);
                        return pending.size() < piece_size || flush();
                      }) &&
         flush();
}

// False if the message cannot be read. Without a file, which has no room or a fault, there
// is none afterwards: the socket is left.
bool Conversation::write_file(istream *message, std::uint64_t size) {
  bool written = true;
  bool read = read_message(message, size, [&](const unsigned char *data, std::size_t length) {
    written = file_->append(data, length);
    return written;
  });
  written = written && (!read || file_->seal());
  if (written)
    return read;
  file_.reset();
  markers_ = {};
  return true;
}

// The scanner can read the file and do nothing else with it.
bool Conversation::send_file(int fd, std::uint64_t size) {
  const std::string line = format_request({size, true, address_.arrival, address_.sender});
  ssize_t sent;
  while ((sent = fd_send(fd, file_->fd(), line.data(), line.size())) < 0) {
    if (errno == EINTR)
      continue;
    if (errno != EAGAIN) {
      answered_early_ = true;
      return true;
    }
    short got = 0;
    if (!wait_for(fd, POLLOUT, got))
      return false;
  }
  auto rest = static_cast<std::size_t>(sent);
  return send_bytes(fd, reinterpret_cast<const unsigned char *>(line.data()) + rest,
                    line.size() - rest);
}

// Appends what there is to input_. Returns false at the end or on an error.
bool Conversation::receive(int fd) {
  char buffer[16 * 1024];
  // Mostly the answer was there before anybody asked.
  ssize_t ret = recv(fd, buffer, sizeof(buffer), MSG_DONTWAIT);
  if (ret < 0 && errno == EINTR)
    return true;
  if (ret < 0 && errno == EAGAIN) {
    short got = 0;
    return wait_for(fd, POLLIN, got);
  }
  if (ret <= 0) {
    ending_ = input_.empty() ? Ending::lost : Ending::wrong;
    error_ = input_.empty() ? "the scanner ended the connection without an answer"
                            : "the scanner ended the connection in the middle of its answer";
    return false;
  }
  input_.append(buffer, static_cast<std::size_t>(ret));
  return true;
}

std::optional<Report> Conversation::read_answer(int fd) {
  std::size_t newline;
  while ((newline = input_.find('\n')) == std::string::npos) {
    if (input_.size() > max_protocol_line) {
      ending_ = Ending::wrong;
      error_ = "the scanner's answer is not of this protocol";
      return std::nullopt;
    }
    if (!receive(fd))
      return std::nullopt;
  }
  Answer answer = parse_answer(std::string_view(input_).substr(0, newline));
  if (answer.kind != Answer::Kind::report) {
    if (answer.kind == Answer::Kind::busy)
      ending_ = Ending::busy;
    else
      ending_ = answer.kind == Answer::Kind::error && answer.text == not_understood
                    ? Ending::outdated
                    : Ending::wrong;
    error_ = "the scanner says: " + answer.text;
    return std::nullopt;
  }
  std::size_t end = newline + 1 + answer.length;
  while (input_.size() < end) {
    if (!receive(fd))
      return std::nullopt;
  }
  auto report =
      report_from_json(std::string_view(input_).substr(newline + 1, answer.length), error_);
  ending_ = report ? Ending::report : Ending::wrong;
  return report;
}

// Null if a message of that size goes through the socket.
MessageCopy Conversation::make_memory_file(std::uint64_t size) const {
  const GiveBack give_back{connection_};
  if (shortcuts_.keep_memory && size >= reused_minimum && size <= reusable_size) {
    auto file = connection_->take_memory(size);
    if (file == nullptr) {
      file = MemoryFile::create_reusable(reusable_size);
      if (file != nullptr && !file->reserve(size))
        file.reset();
    }
    if (file != nullptr)
      return {file.release(), give_back};
  }
  if (size >= file_minimum && size <= file_maximum)
    return {MemoryFile::create().release(), give_back};
  return {nullptr, give_back};
}

// A large message is on disk before a scanner is bothered with it, which has as long for it
// as if that had taken no time. False if the message cannot be read.
bool Conversation::spool(istream *message, std::uint64_t size) {
  if (size <= file_maximum || size > spool_maximum || shortcuts_.spool_directory.empty())
    return true;
  const auto begin = Clock::now();
  file_ = {SpoolFile::create(shortcuts_.spool_directory, size).release(), GiveBack{}};
  bool read = file_ == nullptr || write_file(message, size);
  deadline_ += Clock::now() - begin;
  return read;
}

void Conversation::start(istream *message, std::uint64_t size) {
  if (!spool(message, size))
    return;
  if (!connect())
    return;
  const int fd = connection_->fd();
  // Fewer turns between the two processes; what the kernel allows is enough.
  const int buffer_size = 512 * 1024;
  if (size > piece_size)
    (void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &buffer_size, sizeof(buffer_size));
  if (file_ == nullptr) {
    file_ = make_memory_file(size);
    if (file_ != nullptr && !write_file(message, size))
      return;
  }
  sent_ = file_ != nullptr ? send_file(fd, size) : send_message(fd, message, size);
}

std::optional<Report> Conversation::finish() {
  if (!sent_)
    return std::nullopt;
  auto report = read_answer(connection_->fd());
  // What was not sent to the end cannot be followed by another request.
  if (report && !answered_early_)
    ScannerConnection::keep(connection_);
  connection_.reset();
  return report;
}

ReportRequest::ReportRequest(ScannerAddress address, istream *message, std::uint64_t size,
                             Shortcuts shortcuts)
    : address_(std::move(address)), message_(message), size_(size),
      shortcuts_(std::move(shortcuts)),
      deadline_(Clock::now() + std::chrono::seconds(address_.timeout_seconds)) {
  start();
  maybe_protected_ = !conversation_->sent() || conversation_->maybe_protected();
}

ReportRequest::~ReportRequest() = default;

void ReportRequest::start() {
  conversation_ = std::make_unique<Conversation>(address_, shortcuts_, deadline_, error_);
  conversation_->start(message_, size_);
}

MessageCopy ReportRequest::take_copy() {
  return conversation_->sent() ? conversation_->take_copy() : nullptr;
}

bool ReportRequest::maybe_protected() const { return maybe_protected_; }

std::optional<Report> ReportRequest::wait(std::string &error) {
  // A scanner process can be replaced under our hands (reload, kill); one more
  // attempt costs a sender less than a deferral.
  for (unsigned failures = 0;; start()) {
    auto report = conversation_->finish();
    // A socket that is not for this process, or an attempt before, leaves its error behind.
    error = report ? "" : error_;
    using Ending = Conversation::Ending;
    const auto ending = conversation_->ending();
    if (ending == Ending::busy && Clock::now() < deadline_) {
      (void)usleep(busy_microseconds);
      continue;
    }
    if (ending == Ending::outdated && address_.sender) {
      address_.sender.reset();
      continue;
    }
    if (report || (ending != Ending::lost && ending != Ending::wrong))
      return report;
    // That a kept connection is gone says nothing about the scanner.
    if (ending == Ending::lost && conversation_->used_kept())
      continue;
    failures++;
    if (failures >= attempts_before_doubt && !answers_about_another())
      return std::nullopt;
    if (failures == max_attempts) {
      fails_on_message_ = true;
      error +=
          ", " + std::to_string(max_attempts) + " times for this message, and reports on another";
      return std::nullopt;
    }
  }
}

// Whether the scanner works at all.
bool ReportRequest::answers_about_another() const {
  std::string ignored;
  Clock::time_point deadline = deadline_;
  StreamPtr another(i_stream_create_from_data(probe.data(), probe.size()));
  const Shortcuts none;
  Conversation conversation(address_, none, deadline, ignored);
  conversation.start(another.get(), probe.size());
  bool answered = conversation.finish().has_value();
  // What it kept would be the way of the next attempt.
  ScannerConnection::close_kept();
  return answered;
}

std::optional<Report> request_report(const ScannerAddress &address, istream *message,
                                     std::uint64_t size, std::string &error) {
  return ReportRequest(address, message, size).wait(error);
}

Report report_without_scanner(const std::string &error) {
  Report report;
  report.classes.add(MessageClass::malformed);
  report.scan = ScanVerdict::error;
  report.errors.push_back({"no-report", "", error, {}});
  return report;
}

void close_scanner_connection() { ScannerConnection::close_kept(); }

// Only while nothing else is asked: then the connection is kept, and its process is done
// with the message.
void GiveBack::operator()(OutgoingFile *file) const {
  std::unique_ptr<OutgoingFile> mine(file);
  auto used = connection.lock();
  MemoryFile *reusable = file->reusable();
  if (reusable == nullptr || used == nullptr)
    return;
  (void)mine.release();
  used->give_memory(std::unique_ptr<MemoryFile>(reusable));
}

std::string scanner_socket_path(const std::string &setting, const std::string &base_dir) {
  return setting.starts_with('/') ? setting : base_dir + "/" + setting;
}

} // namespace smime
