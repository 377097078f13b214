#include "plugin/quarantine/mark.h"

#include <cstring>

namespace smime {

OwnerMark read_mark(std::span<const unsigned char> stored) {
  OwnerMark mark;
  if (stored.size() < sizeof(mark))
    return {};
  std::memcpy(&mark, stored.data(), sizeof(mark));
  bool known = mark.owner == Owner::quarantine || mark.owner == Owner::user;
  return mark.version == OwnerMark::present && known ? mark : OwnerMark();
}

OwnerMark mark_for(const OwnerMark &mark, const std::array<unsigned char, 16> &mailbox_guid) {
  return mark.owner == Owner::user && mark.mailbox_guid != mailbox_guid ? OwnerMark() : mark;
}

Owner owner_of(const OwnerMark &mark, const MailboxContents &contents) {
  if (contents.held)
    return Owner::quarantine;
  if (mark.owner != Owner::unknown)
    return mark.owner;
  return contents.foreign ? Owner::user : Owner::quarantine;
}

std::string name_beside(const std::string &quarantine_mailbox) {
  return quarantine_mailbox + beside_suffix;
}

} // namespace smime
