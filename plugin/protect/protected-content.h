// Where the protected entities of a message are, and their digests: every
// signed part of a multipart/signed, every CMS and PGP part, at any depth. In a message whose
// parts readers may see in different ways (plugin/protect/structure-doubt.h) nobody can say
// which bytes those are: there the whole body is the one protected part, with the header
// fields that tell its structure.
#ifndef SMIME_PROTECTED_CONTENT_H
#define SMIME_PROTECTED_CONTENT_H

#include "common/sha256.h"
#include "plugin/dovecot/compat.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace smime {

struct ProtectedPart {
  // IMAP section number.
  std::string path;
  // What makes it one and what a reader needs to find it: media type, transfer
  // encoding, number of parts. Compared along with the digest.
  std::string kind;
  // Bytes of the message as read.
  std::uint64_t offset = 0;
  std::uint64_t size = 0;
  // Of the canonical form; nullopt until it is computed.
  std::optional<Digest> sha256;
  // Its labels tell that it is one; otherwise only its content does.
  bool labelled = true;
};

struct ProtectedContent {
  std::vector<ProtectedPart> parts;
  // Protected bytes that IMAP cannot carry unchanged: NUL, CR CR LF, a CR at the
  // end, or a bare LF where the message's lines end in CR LF.
  bool non_canonical = false;
  // The message's first line does.
  bool lines_end_in_crlf = false;
  // Readers may see different fields in the message's own header.
  bool is_header_doubtful = false;

  // How many parts are kept one by one. In a message with more, the whole body
  // is the one part.
  static constexpr std::size_t max_parts = 1000;

  bool empty() const { return parts.empty(); }
  // One digest over kinds and digests of all labelled parts, in their order;
  // nullopt if there is none. All digests have to be known.
  std::optional<Digest> combined() const;
};

// In place of a section number: the whole body is protected, beside the parts in it.
inline constexpr const char *whole_body = "*";

// Whether a structure that is in doubt makes the whole body protected, as it does; otherwise
// what lib-mail sees is all that counts, as it did in records of older versions.
enum class Doubt : unsigned char { counts, is_ignored };

// Reads the stream from its beginning and leaves it there. Parts whose section
// numbers are in extra are protected whatever their labels are. Memory is
// bounded by lib-mail's limits on MIME parts. Returns false and sets error if
// the stream cannot be read.
bool find_protected(istream *input, const std::vector<std::string> &extra,
                    ProtectedContent &content, std::string &error, Doubt doubt = Doubt::counts);

// The same without digests, and with non_canonical not known.
bool locate_protected(istream *input, const std::vector<std::string> &extra,
                      ProtectedContent &content, std::string &error, Doubt doubt = Doubt::counts);

// Computes the digests that are missing; the stream is the one in which the
// content was located, and is left at its beginning. Returns false and sets error
// if it cannot be read.
bool digest_protected(istream *input, ProtectedContent &content, std::string &error);

// The digest of a stream in canonical form, from its present position to its
// end. Returns nullopt and sets error if it cannot be read.
std::optional<Digest> digest_stream(istream *input, std::string &error);

// The first part of original that is not in changed (same kind and digest,
// wherever it stands); null if each is.
const ProtectedPart *find_lost_part(const ProtectedContent &original,
                                    const ProtectedContent &changed);

} // namespace smime

#endif
