#include "review.h"

#include "access.h"
#include "events.h"
#include "keywords.h"
#include "preserve.h"
#include "quarantine-mailbox.h"
#include "quarantine.h"
#include "record.h"
#include "report.h"
#include "user-context.h"

namespace smime {
namespace {

// Nothing of the transaction may be committed: COPY is all or nothing.
int refuse(mail_save_context *save, mail_error code, const std::string &text) {
  mail_storage *storage = save->transaction->box->storage;
  mailbox_save_cancel(&save);
  mail_storage_set_error(storage, code, text.c_str());
  return -1;
}

// As mail_storage_copy() does (lib-storage/mail-copy.c), from another stream.
int save_copy(mail_save_context *save, istream *input) {
  save->copying_via_save = TRUE;
  if (mailbox_save_begin(&save, input) < 0) {
    if (save != nullptr)
      mailbox_save_cancel(&save);
    return -1;
  }
  ssize_t ret;
  do {
    if (mailbox_save_continue(save) < 0)
      break;
    ret = i_stream_read(input);
  } while (ret > 0);
  if (input->stream_errno != 0) {
    mailbox_set_critical(save->transaction->box, "smime: reading a quarantined message failed: %s",
                         i_stream_get_error(input));
    mailbox_save_cancel(&save);
    return -1;
  }
  return mailbox_save_finish(&save);
}

// The one event and line of an act in box.
void log_act(mailbox *box, const QuarantineRecord &record, const char *action,
             const std::string &what) {
  EventFields fields;
  fields.mailbox = box->vname;
  fields.action = action;
  fields.id = record.id;
  fields.sha256 = record.sha256;
  std::string ignored;
  if (auto report = report_from_json(record.report, ignored))
    fields.classes = join_class_names(report->classes);
  add_actor(fields, box->storage->user);
  send_event(box->event, event_message_released, EventLevel::info, fields,
             "quarantine id " + record.id + ": " + what + " over IMAP by " + fields.actor);
}

int release_copy(MailboxContext *context, mail_save_context *save, mail *source, istream *stored,
                 const ParsedBlock &block) {
  mailbox *box = save->transaction->box;
  std::string error;
  if (!is_original(stored, block, error))
    return refuse(save, MAIL_ERROR_NOTPOSSIBLE, error);
  bool there = false;
  if (!find_released(box->storage->user, box->vname, source, block, there, error))
    return refuse(save, MAIL_ERROR_UNAVAILABLE, error);
  if (there)
    return refuse(save, MAIL_ERROR_EXISTS,
                  "Quarantine id " + block.record.id + " was already released to this mailbox");
  time_t received;
  if (mail_get_received_date(source, &received) < 0)
    return refuse(save, MAIL_ERROR_UNAVAILABLE, last_error(source->box));
  mailbox_save_set_received_date(save, received, 0);
  mailbox_save_set_guid(save, released_guid(block.record.id).c_str());
  if (block.record.from != "<>")
    mailbox_save_set_from_envelope(save, block.record.from.c_str());
  // The reviewer read it, not its owner.
  constexpr unsigned reviewers_flags = MAIL_SEEN | MAIL_DELETED;
  remove_keyword(save, releasing_keyword);
  save->data.flags = static_cast<mail_flags>(save->data.flags & ~reviewers_flags);
  save->data.pvt_flags = static_cast<mail_flags>(save->data.pvt_flags & ~reviewers_flags);

  ProtectedContent content;
  StreamPtr original = open_original(stored, block);
  if (!find_protected(original.get(), {}, content, error))
    return refuse(save, MAIL_ERROR_UNAVAILABLE, error);
  original = open_original(stored, block);
  if (save_copy(save, original.get()) < 0)
    return -1;
  original = open_original(stored, block);
  auto expected = [&]() -> const ProtectedContent & { return content; };
  if (!read_back(save->dest_mail, original.get(), expected, {}, error)) {
    context->failed_transaction = save->transaction;
    mailbox_set_critical(box, "smime: reading back a released message: %s; it was not saved",
                         error.c_str());
    return -1;
  }
  ArrivalRecord record;
  record.version = ArrivalRecord::present;
  record.flags = ArrivalRecord::flag_released;
  record.sha256 = content.combined().value_or(Digest{});
  set_record(save->dest_mail, record);
  after_commit(context, [box, done = block.record](const mail_transaction_commit_changes &) {
    log_act(box, done, "released", std::string("released to mailbox ") + box->vname);
  });
  mailbox_context(source->box)->released_uid = source->uid;
  return 0;
}

} // namespace

std::optional<int> copy_out_of_quarantine(MailboxContext *context, mail_save_context *save,
                                          mail *source) {
  mail_user *user = source->box->storage->user;
  UserContext *found = user_context(user);
  if (found == nullptr || !is_quarantine_mailbox(source->box, *found->settings))
    return std::nullopt;
  if (quarantine_access(user, *found->settings) != Access::full)
    return refuse(save, MAIL_ERROR_PERM, "Only a reviewer releases messages from the quarantine");
  if (is_quarantine_mailbox(save->transaction->box, *found->settings))
    return std::nullopt;
  istream *stored;
  if (mail_get_stream(source, nullptr, nullptr, &stored) < 0)
    return refuse(save, MAIL_ERROR_UNAVAILABLE, last_error(source->box));
  i_stream_seek(stored, 0);
  auto block = read_block(stored);
  if (!block)
    return std::nullopt;
  return release_copy(context, save, source, stored, *block);
}

void note_expunge(mail *quarantined) {
  mailbox *box = quarantined->box;
  UserContext *user = user_context(box->storage->user);
  MailboxContext *context = mailbox_context(box);
  if (user == nullptr || context == nullptr || !user->client_session ||
      user->internal_access > 0 || !is_quarantine_mailbox(box, *user->settings) ||
      context->released_uid == quarantined->uid)
    return;
  istream *stored;
  if (mail_get_stream(quarantined, nullptr, nullptr, &stored) < 0)
    return;
  i_stream_seek(stored, 0);
  if (auto block = read_block(stored))
    after_commit(context, [box, done = block->record](const mail_transaction_commit_changes &) {
      log_act(box, done, "deleted", "deleted");
    });
}

} // namespace smime
