// The conversation between plugin and scanner, one message at a time:
//
//   plugin:   "smime-scan" TAB "1" TAB <size> LF, then exactly size bytes
//         or  "smime-scan" TAB "1" TAB <size> TAB "file" LF, and with it the
//             descriptor of a file whose first size bytes are the message
//             (SCM_RIGHTS); it may be the file of the request before
//   scanner:  "report" TAB <length> LF, then length bytes of JSON
//         or  "error" TAB <text> LF
//
// The next request may follow on the same connection after a report; the scanner
// ends it when it likes. Anything else is no report; the plugin then acts on smime_scanner_failure.
// Nothing in here depends on Dovecot; both ends use it.
#ifndef SMIME_PROTOCOL_H
#define SMIME_PROTOCOL_H

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace smime {

struct Request {
  // Of the message, in bytes.
  std::uint64_t size = 0;
  // The message is in a file, not in the stream.
  bool in_file = false;
  bool operator==(const Request &) const = default;
};

// The request line, with its LF.
std::string format_request(const Request &request);

// Reads a request line (without its LF); nullopt if it is not one of this
// protocol version.
std::optional<Request> parse_request(std::string_view line);

std::string format_report_header(std::size_t length);

// text is cut to one printable line.
std::string format_error(std::string_view text);

// An answer line (without its LF).
struct Answer {
  enum class Kind : std::uint8_t { report, error, invalid };
  Kind kind = Kind::invalid;
  // Bytes of JSON that follow; at most max_report_size.
  std::size_t length = 0;
  // The scanner's sentence, or why the line is invalid.
  std::string text;
};
Answer parse_answer(std::string_view line);

} // namespace smime

#endif
