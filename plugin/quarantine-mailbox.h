// What writing to the quarantine and taking out of it share.
#ifndef SMIME_QUARANTINE_MAILBOX_H
#define SMIME_QUARANTINE_MAILBOX_H

#include "dovecot-ptr.h"
#include "protected-content.h"
#include "quarantine-block.h"

#include <ctime>
#include <optional>
#include <string>
#include <vector>

namespace smime {

// Access control lists are passed over: who may do what was decided before.
MailboxPtr alloc_mailbox(mail_user *user, const std::string &name, unsigned flags);

// Opens the mailbox, creating it if it does not exist.
bool open_or_create(mailbox *box, std::string &error);

std::string last_error(mailbox *box);

struct SaveData {
  time_t received_date = static_cast<time_t>(-1);
  std::string from_envelope;
  // Empty: the storage makes one.
  std::string guid;
  std::vector<std::string> keywords;
  // A reviewer let the message pass: recorded along with it.
  bool released = false;
  // The protected content of what is saved, with its digests; null: not known, it is
  // looked for.
  const ProtectedContent *content = nullptr;
};

// A save by save_stream(), for the overrides that it passes through.
struct OwnSave {
  istream *input;
  const ProtectedContent *content;
};

// Saves input, which can be read again, into the open box in a transaction of its
// own. True only once it is on disk, and what the storage gives back is the same.
bool save_stream(mailbox *box, istream *input, const SaveData &data, std::string &error);

// Whether a message with this GUID is in the open box. False with error set if
// that cannot be told. mbox keeps no GUIDs: found is false then.
bool has_guid(mailbox *box, const std::string &guid, bool &found, std::string &error);

// Whether a message with this INTERNALDATE and digest is in the open box: what a
// process that is killed leaves in a Maildir may have lost its GUID.
bool has_original(mailbox *box, time_t received, const std::string &sha256, bool &found,
                  std::string &error);

// Set on a quarantined message before it is saved elsewhere, so that a release
// that is repeated looks closely.
inline constexpr const char *releasing_keyword = "$SMIMEReleasing";

// Whether the quarantined message is in the mailbox already; if this is its first
// release, that is noted. False with error set if it cannot be told.
bool find_released(mail_user *user, const std::string &mailbox, mail *quarantined,
                   const ParsedBlock &block, bool &there, std::string &error);

// Reads the block at the beginning of a stored message.
std::optional<ParsedBlock> read_block(istream *stored);

// The original behind the block, as a stream of its own.
StreamPtr open_original(istream *stored, const ParsedBlock &block);

// Over the canonical form (CRLF line ends), from the stream's present position.
// Returns an empty string and sets error if the stream cannot be read.
std::string canonical_sha256(istream *input, std::string &error);

// Whether the original behind the block has the digest that the block states;
// leaves stored behind the block. error says what is wrong if not.
bool is_original(istream *stored, const ParsedBlock &block, std::string &error);

} // namespace smime

#endif
