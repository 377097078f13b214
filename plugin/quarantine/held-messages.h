// The messages of an open quarantine, with the marks that the index has of them: one is found
// without being read. Losing the index loses the marks, never mail.
#ifndef SMIME_QUARANTINE_HELD_MESSAGES_H
#define SMIME_QUARANTINE_HELD_MESSAGES_H

#include "plugin/dovecot/ptr.h"
#include "plugin/quarantine/block.h"

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace smime {

// The first half of a digest. Of a message that has none: all bits are set. Zeros: no mark.
using IndexMark = std::array<unsigned char, 16>;

IndexMark index_mark_of(const std::string &digest);

// Marks a message that is being saved, along with its transaction. identity: see
// QuarantineRecord. provisional: what the delivery's messages have in common, see
// provisional.h; empty: the message is held for good.
void mark_held(mail *saved, const std::string &identity, const std::string &provisional);

// Whether the delivery that held this message has not succeeded yet.
bool is_provisional(mail *held);

// One look at a mailbox, and what is changed in it; nothing is unless it is committed.
class HeldMessages {
public:
  // box is open, and was synchronised.
  explicit HeldMessages(mailbox *box);

  // Sequence numbers are 1 to count().
  std::uint32_t count() const;
  // Of the identity. A message without a mark is read once, and marked.
  IndexMark identity(std::uint32_t seq);
  // Zeros: it is held for good.
  IndexMark provisional(std::uint32_t seq) const;
  void hold_for_good(std::uint32_t seq);
  // Nullopt if it cannot be read, or has no record.
  std::optional<ParsedBlock> read(std::uint32_t seq, istream **stored);
  // Whether another session took the message out, which was to be read.
  bool is_gone() const { return mail_->expunged != 0; }
  void expunge(std::uint32_t seq);
  // True once everything is on disk.
  bool commit();

private:
  struct MailFree {
    void operator()(mail *m) const { mail_free(&m); }
  };

  std::uint32_t held_ext_;
  std::uint32_t provisional_ext_;
  Transaction transaction_;
  std::unique_ptr<mail, MailFree> mail_;
};

} // namespace smime

#endif
