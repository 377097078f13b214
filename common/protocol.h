// The conversation between plugin and scanner, one message at a time:
//
//   plugin:   "smime-scan" TAB "1" TAB <size> LF, then exactly size bytes
//         or  "smime-scan" TAB "1" TAB <size> TAB "file" LF, and with it the
//             descriptor of a file whose first size bytes are the message
//             (SCM_RIGHTS); it may be the file of the request before
//         and behind it in either line, TAB "at=" <seconds since 1970>, where the message
//             did not arrive now
//         and at the end of either line, TAB "from=" <envelope sender>, where what cannot
//             be opened with the escrow key is to be counted for that sender
//   scanner:  "report" TAB <length> LF, then length bytes of JSON
//         or  "error" TAB <text> LF
//         or  "busy" LF: this user has as many connections as one may have; the plugin
//             tries again a little later
//
// The next request may follow on the same connection after a report; the scanner
// ends it when it likes. Anything else is no report; the plugin then acts on smime_scanner_failure.
// Nothing in here depends on Dovecot; both ends use it.
#ifndef SMIME_PROTOCOL_H
#define SMIME_PROTOCOL_H

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace smime {

// The envelope sender in a request line.
inline constexpr std::size_t max_request_sender = 320;
// The request line and the answer line of the protocol, in bytes.
inline constexpr std::size_t max_protocol_line = 512;

struct Request {
  // Of the message, in bytes.
  std::uint64_t size = 0;
  // The message is in a file, not in the stream.
  bool in_file = false;
  // When the message arrived, in seconds since 1970, if that is not now.
  std::optional<std::int64_t> arrival = {};
  // Printable ASCII without blanks, up to max_request_sender; may be empty (a bounce).
  std::optional<std::string> sender = {};
  bool operator==(const Request &) const = default;
};

// The request line, with its LF. The sender is made to be what it has to be.
std::string format_request(const Request &request);

// Reads a request line (without its LF); nullopt if it is not one of this
// protocol version.
std::optional<Request> parse_request(std::string_view line);

std::string format_report_header(std::size_t length);

// text is cut to one printable line.
std::string format_error(std::string_view text);

std::string format_busy();

// The error of a scanner for which the line is no request, such as one of an older version
// that knows no "from=".
inline constexpr std::string_view not_understood = "the request is not of this protocol";

// An answer line (without its LF).
struct Answer {
  enum class Kind : std::uint8_t { report, error, busy, invalid };
  Kind kind = Kind::invalid;
  // Bytes of JSON that follow; at most max_report_size.
  std::size_t length = 0;
  // The scanner's sentence, or why the line is invalid.
  std::string text;
};
Answer parse_answer(std::string_view line);

} // namespace smime

#endif
