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
  // 32 hexadecimal digits: the GUID of the quarantined message. That of a released copy is
  // made from it (released_guid()), so that a release that is repeated finds its first result.
  std::string id;
  // RFC 3339, UTC.
  std::string time;
  // Where the message was going: full virtual name, UTF-8.
  std::string mailbox;
  // Envelope addresses; the empty reverse-path is "<>".
  std::string from;
  std::string to;
  // The full name of the user whose mailbox it was going to; empty in records of earlier
  // versions.
  std::string user;
  std::string rule;
  std::string reason;
  // The report's JSON.
  std::string report;
  // Of the original with CRLF line ends, as LMTP and IMAP carry it; lower case
  // hexadecimal.
  std::string sha256;
  // What tells that a message that comes again is this one, in hexadecimal (see
  // quarantine/identity.h); empty in records of version 0.9 and before, as are the others
  // below.
  std::string identity;
  // SHA-256 of the original's bytes as they arrived.
  std::string exact_sha256;
  // "base64": the original is held encoded, since no storage would keep its bytes; empty: as
  // it is.
  std::string encoding;
};

// Bytes from the beginning of a stored message in which its block must end.
inline constexpr std::size_t max_block_size = 512 * 1024;

// The block with CRLF line ends. Bytes of a value that do something to who looks at the header
// are in it as \xNN and are themselves again in what parse_block() gives. SHA256 is its last field:
// the block ends there, whatever header the original begins with.
std::string format_block(const QuarantineRecord &record);

// What follows the block, and comes before the encoded original: the header of a message that
// a mail reader shows as an attachment. original: the beginning of the original, of which
// From, To, Subject, Date and Message-ID are repeated where they are printable ASCII.
std::string format_encoded_head(std::string_view original);

struct ParsedBlock {
  QuarantineRecord record;
  // Bytes before the original in the stored message: the block, and where the original is
  // encoded the header behind it. Line ends may be LF.
  std::size_t size = 0;

  bool is_encoded() const { return !record.encoding.empty(); }
};

// Reads the block from the beginning of a stored message, max_block_size bytes
// of it or all. Every field must be there, once, in order. Returns nullopt if
// the message carries none: it was not quarantined by this software.
std::optional<ParsedBlock> parse_block(std::string_view message);

bool is_quarantine_id(std::string_view text);

// Seconds since the epoch as RFC 3339 in UTC.
std::string format_time(std::int64_t seconds);

// The other way round; nullopt for anything but what format_time() writes.
std::optional<std::int64_t> parse_time(const std::string &text);

} // namespace smime

#endif
