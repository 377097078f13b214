#include "service.h"

#include "dovecot-lib.h"
#include "protocol.h"
#include "inspect-stream.h"

extern "C" {
#include "master-interface.h"
}

#include <algorithm>
#include <array>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <memory>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>
#include <vector>

namespace smime {
namespace {

// Seconds between the bound that the inspection keeps by itself and the signal
// that ends one which hangs in a library. Together they are less than the
// plugin waits.
constexpr unsigned alarm_grace = 2;

// A connection is kept for the next message, so that busy mail processes save
// the way through connect and accept; not for long, and not while others wait.
constexpr int keep_milliseconds = 1000;
constexpr int others_milliseconds = 2;
constexpr unsigned max_messages_per_connection = 200;

// Bytes that are read at a time.
constexpr std::size_t read_size = 64 * 1024;

struct StreamUnref {
  void operator()(istream *stream) const { i_stream_unref(&stream); }
};
using StreamPtr = std::unique_ptr<istream, StreamUnref>;

void send_all(int fd, std::string_view text) {
  while (!text.empty()) {
    ssize_t sent = send(fd, text.data(), text.size(), MSG_NOSIGNAL);
    if (sent <= 0)
      return; // the plugin went away; it acts on that by itself
    text.remove_prefix(static_cast<std::size_t>(sent));
  }
}

std::optional<std::string> read_request_line(istream *input) {
  for (;;) {
    std::size_t size;
    const unsigned char *data = i_stream_get_data(input, &size);
    const void *newline = size == 0 ? nullptr : std::memchr(data, '\n', size);
    if (newline != nullptr) {
      auto length = static_cast<std::size_t>(static_cast<const unsigned char *>(newline) - data);
      std::string line(reinterpret_cast<const char *>(data), length);
      i_stream_skip(input, length + 1);
      return line;
    }
    if (size >= max_protocol_line || i_stream_read(input) <= 0)
      return std::nullopt;
  }
}

// The answer of a request that has to be ended from outside: made beforehand,
// because a signal handler can only send it.
struct LastAnswer {
  volatile sig_atomic_t fd = -1;
  std::size_t size = 0;
  std::array<char, 2048> text{};
};
LastAnswer last_answer;

extern "C" void end_by_signal(int) {
  if (last_answer.fd >= 0)
    (void)send(last_answer.fd, last_answer.text.data(), last_answer.size, MSG_NOSIGNAL);
  _exit(0);
}

void catch_signals() {
  struct sigaction action{};
  action.sa_handler = end_by_signal;
  (void)sigaction(SIGALRM, &action, nullptr);
  (void)sigaction(SIGXCPU, &action, nullptr);
}

void limit_processor_time(std::uint64_t seconds) {
  rusage used{};
  rlimit limit{};
  if (getrusage(RUSAGE_SELF, &used) < 0 || getrlimit(RLIMIT_CPU, &limit) < 0)
    return;
  limit.rlim_cur = static_cast<rlim_t>(used.ru_utime.tv_sec + used.ru_stime.tv_sec) + seconds + 1;
  (void)setrlimit(RLIMIT_CPU, &limit);
}

void arm(int fd, std::uint64_t size, const Limits &limits, const Tools &tools) {
  std::string json = to_json(report_out_of_time(size, limits, tools));
  std::string text = format_report_header(json.size()) + json;
  last_answer.fd = -1;
  last_answer.size = std::min(text.size(), last_answer.text.size());
  std::copy_n(text.begin(), last_answer.size, last_answer.text.begin());
  last_answer.fd = fd;
  limit_processor_time(limits.timeout + alarm_grace);
  (void)alarm(static_cast<unsigned>(limits.timeout) + alarm_grace);
}

void disarm() {
  if (last_answer.fd < 0)
    return;
  (void)alarm(0);
  last_answer.fd = -1;
}

void answer(int fd, const Report &report) {
  disarm();
  std::string json = to_json(report);
  if (json.size() > max_report_size) {
    // Long names may be what the message was made for: they are not needed.
    Report shorter = report;
    shorter.signers.clear();
    shorter.recipients.clear();
    shorter.dropped += report.signers.size() + report.recipients.size();
    json = to_json(shorter);
  }
  if (json.size() > max_report_size) {
    send_all(fd, format_error("the report is larger than the protocol allows"));
    return;
  }
  send_all(fd, format_report_header(json.size()) + json);
}

// The plaintext of what was encrypted goes with the process: the kernel hands
// its memory to nobody before it is cleared.
[[noreturn]] void end_process(int fd) {
  (void)shutdown(fd, SHUT_WR);
  _exit(0);
}

// The message of a request: the next bytes of the connection, or the file whose
// descriptor came with the request.
StreamPtr open_message(istream *connection, const Request &request) {
  int file = i_stream_unix_get_read_fd(connection);
  i_stream_unix_unset_read_fd(connection);
  if (!request.in_file) {
    if (file >= 0)
      (void)close(file);
    return StreamPtr(i_stream_create_limit(connection, request.size));
  }
  if (file < 0)
    return nullptr;
  StreamPtr content(i_stream_create_fd_autoclose(&file, read_size));
  i_stream_set_init_buffer_size(content.get(), read_size);
  return StreamPtr(i_stream_create_limit(content.get(), request.size));
}

// Returns whether the request was answered and its message read to the end.
bool serve_one(int fd, istream *connection, const Limits &limits, const Tools &tools) {
  i_stream_unix_set_read_fd(connection);
  auto line = read_request_line(connection);
  if (!line)
    return false;
  auto request = parse_request(*line);
  StreamPtr message = request ? open_message(connection, *request) : nullptr;
  if (message == nullptr) {
    send_all(fd, format_error("the request is not of this protocol"));
    return false;
  }
  if (request->size > limits.max_message_size) {
    answer(fd, report_too_large(request->size, limits));
    return false;
  }
  arm(fd, request->size, limits, tools);
  std::string error;
  bool opened = false;
  auto report = inspect_stream(message.get(), limits, tools, error, &opened);
  if (report && report->size != request->size) {
    report.reset();
    error = "the message ended after " + std::to_string(message->v_offset) + " of " +
            std::to_string(request->size) + " bytes";
  }
  if (!report) {
    send_all(fd, format_error(error));
    return false;
  }
  answer(fd, *report);
  if (opened)
    end_process(fd);
  return message->v_offset == request->size;
}

bool others_wait(unsigned listeners) {
  for (unsigned i = 0; i < listeners; i++) {
    pollfd entry = {MASTER_LISTEN_FD_FIRST + static_cast<int>(i), POLLIN, 0};
    if (poll(&entry, 1, 0) > 0)
      return true;
  }
  return false;
}

// Waits for the next request. Returns false when it is time to let go.
bool await_next(int fd, unsigned listeners) {
  std::vector<pollfd> entries{{fd, POLLIN, 0}};
  for (unsigned i = 0; i < listeners; i++)
    entries.push_back({MASTER_LISTEN_FD_FIRST + static_cast<int>(i), POLLIN, 0});
  for (;;) {
    if (poll(entries.data(), entries.size(), keep_milliseconds) <= 0)
      return false;
    if (entries[0].revents != 0)
      return true;
    // Another process may be about to take the new connection.
    if (poll(entries.data(), 1, others_milliseconds) != 0)
      return entries[0].revents != 0;
    if (others_wait(listeners))
      return false;
  }
}

} // namespace

void serve_connection(int fd, const Limits &limits, const Tools &tools, unsigned listeners,
                      const std::function<bool()> &is_outdated) {
  auto seconds = static_cast<unsigned>(limits.timeout);
  int flags = fcntl(fd, F_GETFL);
  (void)fcntl(fd, F_SETFL, flags & ~O_NONBLOCK);
  const timeval wait = {static_cast<time_t>(seconds), 0};
  (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
  (void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof(wait));
  catch_signals();
  StreamPtr connection(i_stream_create_unix(fd, read_size));
  i_stream_set_init_buffer_size(connection.get(), read_size);
  for (unsigned served = 0; served < max_messages_per_connection; served++) {
    if (served > 0 && (is_outdated() || !await_next(fd, listeners)))
      break;
    bool again = serve_one(fd, connection.get(), limits, tools);
    disarm();
    if (!again)
      break;
  }
}

} // namespace smime
