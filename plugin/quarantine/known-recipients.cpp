#include "plugin/quarantine/known-recipients.h"

#include "plugin/quarantine/recipient.h"

namespace smime {

void KnownRecipients::remember(const std::string &mailbox, std::uint32_t uid,
                               const QuarantineRecord *record) {
  messages_[{mailbox, uid}] =
      record == nullptr ? Known() : Known{record->id, record->user, record->to};
}

bool KnownRecipients::is_of_no_use(const std::string &mailbox, std::uint32_t uid,
                                   const std::string &user, const std::string &id) const {
  auto found = messages_.find({mailbox, uid});
  if (found == messages_.end())
    return false;
  const Known &known = found->second;
  if (known.id.empty() || (!id.empty() && known.id != id))
    return true;
  QuarantineRecord record;
  record.user = known.user;
  record.to = known.to;
  return !is_held_for(record, user);
}

} // namespace smime
