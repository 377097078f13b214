#include "plugin/quarantine/find-held.h"

#include "plugin/quarantine/held-messages.h"
#include "plugin/quarantine/mailbox.h"
#include "plugin/quarantine/original.h"

namespace smime {
namespace {

// One that was damaged is no reason not to keep the message that came again.
std::optional<QuarantineRecord> confirm(HeldMessages &messages, std::uint32_t seq,
                                        const std::string &identity) {
  istream *stored;
  std::string ignored;
  auto block = messages.read(seq, &stored);
  if (!block || block->record.identity != identity || !is_original(stored, *block, ignored))
    return std::nullopt;
  return block->record;
}

// What comes again came lately: the newest first.
std::optional<QuarantineRecord> search(HeldMessages &messages, const std::string &identity,
                                       bool for_good) {
  const IndexMark wanted = index_mark_of(identity);
  for (std::uint32_t seq = messages.count(); seq > 0; seq--) {
    DataStackFrame frame;
    if (messages.identity(seq) != wanted)
      continue;
    auto record = confirm(messages, seq, identity);
    if (!record)
      continue;
    if (for_good && messages.provisional(seq) != IndexMark{})
      messages.hold_for_good(seq);
    return record;
  }
  return std::nullopt;
}

} // namespace

bool look_for_held(mailbox *box, const std::string &identity, bool for_good,
                   std::optional<QuarantineRecord> &found, std::string &error) {
  if (mailbox_sync(box, static_cast<mailbox_sync_flags>(0)) < 0) {
    error = last_error(box);
    return false;
  }
  HeldMessages messages(box);
  found = search(messages, identity, for_good);
  if (!messages.commit()) {
    error = last_error(box);
    return false;
  }
  return true;
}

} // namespace smime
