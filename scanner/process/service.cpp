// The service: one connection after the other, one message at a time. A message that an inspection
// does not end with, in a library that hangs or crashes, ends this process alone: the plugin
// sees the connection end and asks another one (plugin/scan/scanner-client.cpp).
#include "scanner/process/service.h"

#include "common/protocol.h"
#include "common/safe-text.h"
#include "scanner/base/dovecot-lib.h"
#include "scanner/content/inspect-stream.h"

extern "C" {
#include "master-interface.h"
}

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <memory>
#include <poll.h>
#include <string>
#include <sys/resource.h>
#include <sys/socket.h>
#include <thread>
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

// When it is said that something could not be opened with the escrow key, counted from the
// request; the slow one when that is so for much mail.
constexpr std::chrono::milliseconds refusal_step{100};
constexpr std::chrono::milliseconds slow_refusal_step{1000};
constexpr std::chrono::nanoseconds refusal_time_of_byte{50};

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

using Clock = std::chrono::steady_clock;

bool has_input(int fd, Clock::time_point deadline) {
  auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now()).count();
  pollfd entry = {fd, POLLIN, 0};
  return left > 0 && poll(&entry, 1, static_cast<int>(left)) > 0;
}

// The line has to be complete at the deadline, however it comes.
std::optional<std::string> read_request_line(int fd, istream *input, Clock::time_point deadline) {
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
    if (size >= max_protocol_line || !has_input(fd, deadline) || i_stream_read(input) <= 0)
      return std::nullopt;
  }
}

// The answer of a request that has to be ended from outside: made beforehand,
// because a signal handler can only send it.
struct LastAnswer {
  volatile sig_atomic_t fd = -1;
  std::string text;
};
LastAnswer last_answer;

extern "C" void end_by_signal(int) {
  if (last_answer.fd >= 0)
    (void)send(last_answer.fd, last_answer.text.data(), last_answer.text.size(), MSG_NOSIGNAL);
  _exit(0);
}

void catch_signals() {
  struct sigaction action {};
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
  last_answer.fd = -1;
  last_answer.text = format_report_header(json.size()) + json;
  last_answer.fd = fd;
  limit_processor_time(limits.timeout + alarm_grace);
  (void)alarm(static_cast<unsigned>(limits.timeout) + alarm_grace);
}

// From here on the signal only ends the process.
void begin_answer() { last_answer.fd = -1; }

void disarm() {
  begin_answer();
  (void)alarm(0);
}

void answer(int fd, const Report &report) {
  begin_answer();
  std::string json = to_json(report);
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

// What one request is served with.
struct RequestTerms {
  const Limits &limits;
  Tools tools;
  // Null if the peer is not trusted.
  KeyProcess *keys;
  std::optional<uid_t> peer;
  std::chrono::milliseconds patience;
  unsigned max_messages;
};

void begin_message(const RequestTerms &terms, const Request &request) {
  if (terms.keys != nullptr)
    terms.keys->begin_message(request.sender && terms.peer
                                  ? std::optional(failure_key(*terms.peer, *request.sender))
                                  : std::nullopt);
}

void log_failure(const Request &request, const FailureCount &count) {
  if (!count.is_to_log)
    return;
  std::string text = "A message from <" + request.sender.value_or("") +
                     "> is encrypted to escrow_certificate and cannot be opened: it is damaged, "
                     "no mail inside, or made to try the key (" +
                     std::to_string(count.of_sender) + " of this sender within an hour, " +
                     std::to_string(count.in_all) + " of all)";
  if (count.of_sender >= max_failures_of_sender)
    text += "; the key is not used for this sender's mail for an hour";
  if (count.not_logged > 0)
    text += "; " + std::to_string(count.not_logged) + " more were not logged";
  i_warning("%s", log_text(text).c_str());
}

// What could not be opened is answered at a fixed step of time since the request, so that
// the time does not tell what was wrong; and later where there is much of it. The step is
// longer than the work on a message of that size, which differs with its bytes.
void await_step(Clock::time_point begun, std::uint64_t size, const FailureCount &count) {
  Clock::duration step = count.in_all >= slow_after_failures ? slow_refusal_step : refusal_step;
  step += static_cast<std::int64_t>(size) * refusal_time_of_byte;
  auto steps = (Clock::now() - begun) / step + 1;
  std::this_thread::sleep_until(begun + steps * step);
}

// The report, or nullopt with error set; with all that is to be done before it is said.
std::optional<Report> inspect_request(istream *message, const Request &request,
                                      const RequestTerms &terms, Aftermath &aftermath,
                                      std::string &error) {
  auto begun = Clock::now();
  begin_message(terms, request);
  Tools tools = terms.tools;
  Verifier verifier;
  if (tools.verifier != nullptr && request.arrival) {
    verifier = *tools.verifier;
    verifier.arrival = request.arrival;
    tools.verifier = &verifier;
  }
  auto report = inspect_stream(message, terms.limits, tools, error, &aftermath);
  if (report && report->size != request.size) {
    report.reset();
    error = "the message ended after " + std::to_string(message->v_offset) + " of " +
            std::to_string(request.size) + " bytes";
  }
  if (terms.keys != nullptr && terms.keys->is_broken()) {
    report.reset();
    error = "the process that has the escrow key is gone";
  }
  if (aftermath.refused && terms.keys != nullptr) {
    log_failure(request, terms.keys->failures());
    await_step(begun, request.size, terms.keys->failures());
  }
  return report;
}

// Returns whether the request was answered and its message read to the end.
bool serve_one(int fd, istream *connection, const RequestTerms &terms) {
  const Limits &limits = terms.limits;
  i_stream_unix_set_read_fd(connection);
  auto line = read_request_line(fd, connection, Clock::now() + terms.patience);
  if (!line)
    return false;
  auto request = parse_request(*line);
  StreamPtr message = request ? open_message(connection, *request) : nullptr;
  if (message == nullptr) {
    send_all(fd, format_error(not_understood));
    return false;
  }
  arm(fd, request->size, limits, terms.tools);
  if (request->size > limits.max_message_size) {
    answer(fd, report_too_large(message.get(), request->size, limits));
    return false;
  }
  std::string error;
  Aftermath aftermath;
  auto report = inspect_request(message.get(), *request, terms, aftermath, error);
  if (report)
    answer(fd, *report);
  else
    send_all(fd, format_error(error));
  // Without its key process it would fail for every message.
  if (aftermath.opened || (terms.keys != nullptr && terms.keys->is_broken()))
    end_process(fd);
  return report && message->v_offset == request->size;
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

void set_patience(int fd, std::chrono::milliseconds patience) {
  const timeval wait = {static_cast<time_t>(patience.count() / 1000),
                        static_cast<suseconds_t>(patience.count() % 1000 * 1000)};
  (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
  (void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof(wait));
}

RequestTerms terms_for(std::optional<uid_t> peer, bool trusted, const ServiceTerms &terms) {
  RequestTerms result{terms.limits,
                      terms.tools,
                      terms.keys,
                      peer,
                      std::chrono::seconds(terms.limits.timeout),
                      max_messages_per_connection};
  if (!trusted) {
    // The place is for others of this user then.
    result.max_messages = 1;
    result.tools.keys = nullptr;
    result.keys = nullptr;
    result.patience = std::min<std::chrono::milliseconds>(
        result.patience, std::chrono::milliseconds(max_request_milliseconds));
  }
  return result;
}

void serve_requests(int fd, const RequestTerms &request, const ServiceTerms &terms) {
  StreamPtr connection(i_stream_create_unix(fd, read_size));
  i_stream_set_init_buffer_size(connection.get(), read_size);
  for (unsigned served = 0; served < request.max_messages; served++) {
    if (served > 0 && (terms.is_outdated() || !await_next(fd, terms.listeners)))
      break;
    bool again = serve_one(fd, connection.get(), request);
    disarm();
    if (!again)
      break;
  }
}

} // namespace

void serve_connection(int fd, const ServiceTerms &terms) {
  auto uid = uid_of_peer(fd);
  bool trusted = terms.peers.trusts(uid);
  RequestTerms request = terms_for(uid, trusted, terms);
  int flags = fcntl(fd, F_GETFL);
  (void)fcntl(fd, F_SETFL, flags & ~O_NONBLOCK);
  set_patience(fd, request.patience);
  catch_signals();
  if (trusted || terms.places == nullptr) {
    serve_requests(fd, request, terms);
    return;
  }
  auto place = uid ? terms.places->take(*uid) : std::nullopt;
  if (place)
    serve_requests(fd, request, terms);
  else
    send_all(fd, format_busy());
}

} // namespace smime
