// The block of X-SMIME-Quarantine-* header fields that stands before the first
// byte of a quarantined message: the record and the message are one object.
#ifndef SMIME_QUARANTINE_BLOCK_H
#define SMIME_QUARANTINE_BLOCK_H

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace smime {

struct QuarantineRecord {
  // 32 hexadecimal digits; also the GUID of the message once released, which
  // makes a release that is repeated find its first result.
  std::string id;
  // RFC 3339, UTC.
  std::string time;
  // Where the message was going: full virtual name, UTF-8.
  std::string mailbox;
  // Envelope addresses; the empty reverse-path is "<>".
  std::string from;
  std::string to;
  std::string rule;
  std::string reason;
  // The report's JSON.
  std::string report;
  // Of the original with CRLF line ends, as LMTP and IMAP carry it; lower case
  // hexadecimal.
  std::string sha256;
};

// Bytes from the beginning of a stored message in which its block must end.
inline constexpr std::size_t max_block_size = 512 * 1024;

// The block with CRLF line ends. SHA256 is its last field: the block ends
// there, whatever header the original begins with.
std::string format_block(const QuarantineRecord &record);

struct ParsedBlock {
  QuarantineRecord record;
  // Bytes that the block takes in the stored message; line ends may be LF.
  std::size_t size = 0;
};

// Reads the block from the beginning of a stored message, max_block_size bytes
// of it or all. Every field must be there, once, in order. Returns nullopt if
// the message carries none: it was not quarantined by this software.
std::optional<ParsedBlock> parse_block(std::string_view message);

bool is_quarantine_id(std::string_view text);

// Seconds since the epoch as RFC 3339 in UTC.
std::string format_time(std::int64_t seconds);

} // namespace smime

#endif
