#include "plugin/quarantine/provisional.h"

#include "plugin/quarantine/held-messages.h"
#include "plugin/quarantine/mailbox.h"

namespace smime {
namespace {

bool sync(mailbox *box, std::string &error) {
  if (mailbox_sync(box, static_cast<mailbox_sync_flags>(0)) == 0)
    return true;
  error = last_error(box);
  return false;
}

std::set<IndexMark> index_marks_of(const std::set<std::string> &identities) {
  std::set<IndexMark> marks;
  for (const std::string &identity : identities)
    marks.insert(index_mark_of(identity));
  return marks;
}

// What was held in this delivery is the newest. There may be two with one identity, held by
// deliveries that could not exclude each other.
void hold_those(HeldMessages &messages, const std::set<IndexMark> &wanted,
                std::set<IndexMark> &missing) {
  for (std::uint32_t seq = messages.count(); seq > 0; seq--) {
    DataStackFrame frame;
    bool is_provisional = messages.provisional(seq) != IndexMark{};
    if (!is_provisional && missing.empty())
      continue;
    IndexMark mark = messages.identity(seq);
    if (!wanted.contains(mark))
      continue;
    missing.erase(mark);
    if (is_provisional)
      messages.hold_for_good(seq);
  }
}

} // namespace

bool hold_for_good(mailbox *box, const std::set<std::string> &identities, std::string &error) {
  if (!sync(box, error))
    return false;
  const std::set<IndexMark> wanted = index_marks_of(identities);
  std::set<IndexMark> missing = wanted;
  HeldMessages messages(box);
  hold_those(messages, wanted, missing);
  if (!missing.empty()) {
    error = "what was held is not there any more";
    return false;
  }
  if (messages.commit())
    return true;
  error = last_error(box);
  return false;
}

bool look_for_provisional(mailbox *box, bool &any, std::string &error) {
  any = false;
  if (!sync(box, error))
    return false;
  HeldMessages messages(box);
  for (std::uint32_t seq = messages.count(); seq > 0 && !any; seq--)
    any = messages.provisional(seq) != IndexMark{};
  return true;
}

bool take_back_provisional(mailbox *box, const std::string &mark,
                           const std::set<std::string> &identities,
                           std::vector<QuarantineRecord> &taken, std::string &error) {
  if (!sync(box, error))
    return false;
  const IndexMark wanted = index_mark_of(mark);
  const std::set<IndexMark> unmarked = index_marks_of(identities);
  bool any = false;
  HeldMessages messages(box);
  for (std::uint32_t seq = messages.count(); seq > 0; seq--) {
    DataStackFrame frame;
    if (messages.provisional(seq) != wanted &&
        (unmarked.empty() || !unmarked.contains(messages.identity(seq))))
      continue;
    istream *stored;
    auto block = messages.read(seq, &stored);
    if (!block && messages.is_gone())
      continue;
    messages.expunge(seq);
    any = true;
    taken.push_back(block ? block->record : QuarantineRecord());
  }
  if (!messages.commit()) {
    error = last_error(box);
    return false;
  }
  return !any || sync(box, error);
}

} // namespace smime
