#include "service.h"

#include "dovecot-lib.h"
#include "protocol.h"
#include "walk.h"

#include <cstring>
#include <fcntl.h>
#include <memory>
#include <sys/socket.h>
#include <unistd.h>

namespace smime {
namespace {

// Seconds between the request's own time-out, which is answered, and the alarm
// that ends a process that hangs.
constexpr unsigned alarm_grace = 5;

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

void answer(int fd, const Report &report) {
  std::string json = to_json(report);
  if (json.size() > max_report_size) {
    send_all(fd, format_error("the report is larger than the protocol allows"));
    return;
  }
  send_all(fd, format_report_header(json.size()) + json);
}

void serve(int fd, const Limits &limits) {
  StreamPtr connection(i_stream_create_fd(fd, IO_BLOCK_SIZE * 8));
  auto line = read_request_line(connection.get());
  if (!line)
    return;
  auto size = parse_request(*line);
  if (!size) {
    send_all(fd, format_error("the request is not of this protocol"));
    return;
  }
  if (*size > limits.max_message_size) {
    answer(fd, report_too_large(*size, limits));
    return;
  }
  StreamPtr message(i_stream_create_limit(connection.get(), *size));
  std::string error;
  auto report = walk_message(message.get(), limits, error);
  if (report && report->size != *size) {
    report.reset();
    error = "the message ended after " + std::to_string(message->v_offset) + " of " +
            std::to_string(*size) + " bytes";
  }
  if (report)
    answer(fd, *report);
  else
    send_all(fd, format_error(error));
}

} // namespace

void serve_request(int fd, const Limits &limits) {
  auto seconds = static_cast<unsigned>(limits.timeout);
  int flags = fcntl(fd, F_GETFL);
  (void)fcntl(fd, F_SETFL, flags & ~O_NONBLOCK);
  const timeval wait = {static_cast<time_t>(seconds), 0};
  (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
  (void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof(wait));
  (void)alarm(seconds + alarm_grace);
  serve(fd, limits);
  (void)alarm(0);
}

} // namespace smime
