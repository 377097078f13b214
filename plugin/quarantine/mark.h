// Whose a mailbox with the quarantine's name is. No Dovecot header.
//
// The name may be that of a mailbox that its owner had before: then it stays his, with the
// mail that is in it, and what is held is held elsewhere. A mailbox cannot be half open: one
// message that is held closes it.
#ifndef SMIME_QUARANTINE_MARK_H
#define SMIME_QUARANTINE_MARK_H

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace smime {

enum class Owner : std::uint8_t { unknown, quarantine, user };

// Is kept with the mailbox, in a header record of its index, so that it goes where the
// mailbox goes. Where the index was lost the messages tell once more.
struct OwnerMark {
  static constexpr std::uint8_t present = 1;
  static constexpr const char *extension = "smime-owner";

  std::uint8_t version = 0;
  Owner owner = Owner::unknown;
  std::uint16_t unused = 0;
  // Messages with a lower UID were looked at.
  std::uint32_t next_uid = 1;
  // Of the mailbox that it was said of.
  std::array<unsigned char, 16> mailbox_guid{};
};
static_assert(sizeof(OwnerMark) == 24);

// The mark as it was stored; one that says nothing if there is none, or a later version's.
OwnerMark read_mark(std::span<const unsigned char> stored);

// The mark as far as it holds for the mailbox with this GUID. One that was renamed may leave
// its index, which is in memory, to the one that is created in its place.
OwnerMark mark_for(const OwnerMark &mark, const std::array<unsigned char, 16> &mailbox_guid);

// What is among the messages that were not looked at before.
struct MailboxContents {
  bool held = false;
  bool foreign = false;
};

// Held mail makes it the quarantine's for good, even against a mark. Without mail and mark
// it is the quarantine's: nothing is taken from anybody.
Owner owner_of(const OwnerMark &mark, const MailboxContents &contents);

// The name of the mailbox beside, where mail is held if the first name is the user's own.
std::string name_beside(const std::string &quarantine_mailbox);
inline constexpr const char *beside_suffix = "-held";

} // namespace smime

#endif
