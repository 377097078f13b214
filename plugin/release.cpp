#include "release.h"

#include "keywords.h"
#include "quarantine-mailbox.h"

namespace smime {
namespace {

// Leaves the original in the target mailbox, on disk.
ReleaseResult save_original(mail_user *user, const std::string &mailbox, mail *quarantined,
                            const ParsedBlock &block, std::string &error) {
  istream *stored;
  if (mail_get_stream(quarantined, nullptr, nullptr, &stored) < 0) {
    error = last_error(quarantined->box);
    return ReleaseResult::failed;
  }
  if (!is_original(stored, block, error))
    return ReleaseResult::failed;
  MailboxPtr target = alloc_mailbox(user, mailbox, MAILBOX_FLAG_IGNORE_ACLS);
  if (!open_or_create(target.get(), error))
    return ReleaseResult::failed;
  bool there = false;
  if (!has_guid(target.get(), block.record.id, there, error))
    return ReleaseResult::failed;
  if (there)
    return ReleaseResult::was_released;
  SaveData data;
  data.guid = block.record.id;
  data.released = true;
  data.keywords = keywords_of(quarantined);
  if (mail_get_received_date(quarantined, &data.received_date) < 0) {
    error = last_error(quarantined->box);
    return ReleaseResult::failed;
  }
  data.from_envelope = block.record.from == "<>" ? "" : block.record.from;
  StreamPtr original = open_original(stored, block);
  return save_stream(target.get(), original.get(), data, error) ? ReleaseResult::released
                                                                : ReleaseResult::failed;
}

} // namespace

ReleaseResult release_from_quarantine(mail_user *user, const Settings &settings,
                                      const std::string &id, const std::string &mailbox,
                                      QuarantineRecord &record, std::string &error) {
  if (mailbox == settings.quarantine_mailbox) {
    error = "the message cannot be released into the quarantine itself";
    return ReleaseResult::failed;
  }
  return take_out(user, settings, id, record, error,
                  [&](mail *quarantined, const ParsedBlock &block) {
                    return save_original(user, mailbox.empty() ? block.record.mailbox : mailbox,
                                         quarantined, block, error);
                  });
}

} // namespace smime
