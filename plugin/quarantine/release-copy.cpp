#include "plugin/quarantine/release-copy.h"

#include "plugin/quarantine/quarantine.h"
#include "plugin/settings/user-context.h"
#include "plugin/store/keywords.h"

#include <algorithm>

namespace smime {
namespace {

// Whether a message with this INTERNALDATE and digest is in the open box: what a
// process that is killed leaves in a Maildir may have lost its GUID.
bool look_for_original(mailbox *box, time_t received, const std::string &sha256, bool &found,
                       std::string &error) {
  found = false;
  if (mailbox_sync(box, static_cast<mailbox_sync_flags>(0)) < 0) {
    error = last_error(box);
    return false;
  }
  Transaction transaction(box, static_cast<mailbox_transaction_flags>(0), "smime");
  SearchArgsPtr arguments(mail_search_build_init());
  mail_search_build_add_all(arguments.get());
  mail_search_context *search = mailbox_search_init(transaction.get(), arguments.get(), nullptr,
                                                    MAIL_FETCH_RECEIVED_DATE, nullptr);
  mail *candidate;
  while (!found && mailbox_search_next(search, &candidate)) {
    DataStackFrame frame;
    time_t date;
    istream *input;
    if (mail_get_received_date(candidate, &date) < 0 || date != received ||
        mail_get_stream(candidate, nullptr, nullptr, &input) < 0)
      continue;
    i_stream_seek(input, 0);
    found = canonical_sha256(input, error) == sha256;
  }
  if (mailbox_search_deinit(&search) < 0) {
    error = last_error(box);
    return false;
  }
  return true;
}

} // namespace

std::optional<Release> begin_release(mail_user *user, mail *quarantined, const ParsedBlock &block,
                                     std::string &error) {
  Release release;
  release.id = block.record.id;
  release.sha256 = block.record.sha256;
  release.data.guid = released_guid(block.record.id);
  release.data.released = true;
  release.data.from_envelope = block.record.from == "<>" ? "" : block.record.from;
  if (mail_get_received_date(quarantined, &release.data.received_date) < 0) {
    error = last_error(quarantined->box);
    return std::nullopt;
  }
  release.data.keywords = keywords_of(quarantined);
  release.again = std::erase(release.data.keywords, releasing_keyword) > 0;
  for (const char *mark : quarantine_marks)
    std::erase(release.data.keywords, mark);
  // In a session of its own: the caller has transactions open.
  if (!release.again) {
    InternalAccess access(user);
    add_keyword_to_stored(user, quarantined->box->vname, {quarantined->uid, quarantined->uid},
                          releasing_keyword);
  }
  return release;
}

std::optional<bool> is_released_to(mail_user *user, const std::string &mailbox,
                                   const Release &release, std::string &error) {
  // Whoever asks.
  InternalAccess access(user);
  MailboxPtr target = alloc_mailbox(user, mailbox, MAILBOX_FLAG_IGNORE_ACLS);
  bool there = false;
  if (!open_or_create(target.get(), error) ||
      !look_for_guid(target.get(), release.data.guid, there, error) ||
      (!there && release.again &&
       !look_for_original(target.get(), release.data.received_date, release.sha256, there, error)))
    return std::nullopt;
  return there;
}

void take_off_release_marks(mail_save_context *save) {
  for (const char *mark : quarantine_marks)
    remove_keyword(save, mark);
}

} // namespace smime
