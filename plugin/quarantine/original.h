// A message as it arrived: its digests, and the stream that the quarantine stores for it.
#ifndef SMIME_QUARANTINE_ORIGINAL_H
#define SMIME_QUARANTINE_ORIGINAL_H

#include "common/byte-scan.h"
#include "plugin/dovecot/ptr.h"
#include "plugin/quarantine/block.h"

#include <optional>
#include <string>

namespace smime {

// Digests in hexadecimal.
struct OriginalFacts {
  // Of the canonical form (CRLF line ends), and of the bytes as they are.
  std::string canonical_sha256;
  std::string exact_sha256;
  // Of the bytes behind what this server put before them in this delivery alone.
  std::string lasting_sha256;
  ByteFacts bytes;
};

// Reads the stream from its beginning. session: of LMTP; empty if it did not come that way.
// Nullopt with error set if it cannot be read.
std::optional<OriginalFacts> read_original_facts(istream *original, const std::string &session,
                                                 std::string &error);

enum class HeldForm : unsigned char {
  // As it is, which a reviewer's mail reader shows best.
  plain,
  // Encoded, with fields of its header for lists of messages.
  encoded,
  // Encoded, and nothing of it outside.
  encoded_alone,
};

// A message of the quarantine: the record and the original.
class HeldMessage {
public:
  // Sets the record's encoding. The original's stream must live as long.
  HeldMessage(QuarantineRecord &record, istream *original, HeldForm form);
  istream *stream() const { return stream_.get(); }

private:
  StreamPtr stream_;
};

// The original behind the block of a stored message, decoded if need be, as a stream of its
// own.
StreamPtr open_original(istream *stored, const ParsedBlock &block);

// The same to be saved: it states its own size where that is known, not the stored message's, by
// which the quota plugin would decide.
StreamPtr open_sized_original(istream *stored, const ParsedBlock &block);

// Whether the original behind the block has the digest that the block states. error says
// what is wrong if not.
bool is_original(istream *stored, const ParsedBlock &block, std::string &error);

} // namespace smime

#endif
