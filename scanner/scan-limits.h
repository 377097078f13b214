// Every bound of the scanner, with the name of its setting in
// smime-scanner.conf and its default. A bound that is met is reported as
// malformed or uninspectable, never as clean.
#ifndef SMIME_SCAN_LIMITS_H
#define SMIME_SCAN_LIMITS_H

#include <cstddef>
#include <cstdint>

namespace smime {

struct Limits {
  // max_message_size: bytes; a larger message is not looked into.
  std::uint64_t max_message_size = 2ULL * 1024 * 1024 * 1024;
  // max_depth: nested MIME parts. The defaults of both are lib-mail's own, so
  // that the scanner sees the structure that the IMAP server serves.
  std::uint64_t max_depth = 100;
  // max_parts: MIME parts in all.
  std::uint64_t max_parts = 10000;
  // timeout: seconds for one message, from connection to answer.
  std::uint64_t timeout = 30;
};

// Bounds that are no settings.

// Decoded bytes of one CMS part that are kept for the CMS parse. A larger part
// is classified by its leading headers alone.
inline constexpr std::size_t max_cms_prefix = 1024 * 1024;
// Decoded bytes of any other part that are kept to find out what it is.
inline constexpr std::size_t max_sniff_prefix = 64;
// Length of a MIME parameter or file name that is kept.
inline constexpr std::size_t max_parameter = 255;
// The request line and the answer line of the protocol, in bytes.
inline constexpr std::size_t max_protocol_line = 512;
// The report's JSON, in bytes.
inline constexpr std::size_t max_report_size = 256 * 1024;

} // namespace smime

#endif
