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
  // max_layers: CMS layers in layers, archives in archives.
  std::uint64_t max_layers = 16;
  // max_expanded_size: bytes that come out of all layers and archives of one
  // message together.
  std::uint64_t max_expanded_size = 1024ULL * 1024 * 1024;
  // max_document_size: bytes of a document or archive that can only be read as
  // a whole (7z, PDF, legacy Office). Memory of one message grows with it.
  std::uint64_t max_document_size = 5ULL * 1024 * 1024;
  // max_opened_size: bytes of encrypted content that are kept at a time to be opened with
  // the escrow key. Memory of one message grows with it.
  std::uint64_t max_opened_size = 64ULL * 1024 * 1024;
  // timeout: seconds of work on one message.
  std::uint64_t timeout = 25;
  // max_user_connections: connections at a time of one user who is not trusted.
  std::uint64_t max_user_connections = 4;
};

// Bounds that are no settings.

// What is kept of a CMS object before and behind its content: recipients,
// certificates, CRLs, signers. A larger object is uninspectable.
inline constexpr std::size_t max_cms_head = 1024 * 1024;
inline constexpr std::size_t max_cms_trailer = 1024 * 1024;
// Nested elements of indefinite length, and strings in strings.
inline constexpr unsigned max_ber_depth = 16;
// Decoded bytes at the beginning of a part that are kept to find out what it is.
inline constexpr std::size_t max_sniff_prefix = 64;
inline constexpr std::size_t max_type_prefix = 2048;
// Readings of the same bytes, as different mail clients make them, that are open at a time: each
// costs as much as the first.
inline constexpr unsigned max_readings = 8;
// Length of a MIME parameter or file name that is kept.
inline constexpr std::size_t max_parameter = 255;
// The trust store: files in it, with those of all domains, and domains; bytes of
// one file (a CRL of a large CA has some megabytes).
inline constexpr std::size_t max_trust_files = 4096;
inline constexpr std::size_t max_trust_domains = 256;
inline constexpr std::size_t max_trust_file_size = 16UL * 1024 * 1024;
// Bytes of texts that are kept until their parts end, to be shown: of one text, of one of HTML,
// which has much in it that is not shown, and of all that are open.
inline constexpr std::size_t max_kept_text = 128UL * 1024;
inline constexpr std::size_t max_kept_html = 512UL * 1024;
inline constexpr std::size_t max_kept_texts = 2UL * 1024 * 1024;
// Messages in messages of which a digest is made for each.
inline constexpr std::size_t max_digested_messages = 8;
// Of a message over max_message_size, what is read for its labels.
inline constexpr std::uint64_t max_labelled_size = 64ULL * 1024 * 1024;
// Addresses of one engine.
inline constexpr std::size_t max_engine_addresses = 16;
// A peer that is not trusted: milliseconds until its request line is complete, and that it
// may let the scanner wait for more of its message or take no answer.
inline constexpr unsigned max_request_milliseconds = 2000;
} // namespace smime

#endif
