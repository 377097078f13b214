// The conversation between plugin and scanner, one message at a time:
//
//   plugin:   "smime-scan" TAB "1" TAB <size> LF, then exactly size bytes
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

// The request line for a message of size bytes, with its LF.
std::string format_request(std::uint64_t size);

// The size in a request line (without its LF), or nullopt if it is not one of
// this protocol version.
std::optional<std::uint64_t> parse_request(std::string_view line);

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
