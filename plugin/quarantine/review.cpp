#include "plugin/quarantine/review.h"

#include "common/report.h"
#include "plugin/dovecot/events.h"
#include "plugin/dovecot/say.h"
#include "plugin/dovecot/session.h"
#include "plugin/protect/preserve.h"
#include "plugin/protect/read-back.h"
#include "plugin/quarantine/access.h"
#include "plugin/quarantine/quarantine.h"
#include "plugin/quarantine/recipient.h"
#include "plugin/quarantine/register-note.h"
#include "plugin/quarantine/release-copy.h"
#include "plugin/settings/user-context.h"
#include "plugin/store/keywords.h"
#include "plugin/store/own-save.h"
#include "plugin/store/record.h"
#include "plugin/store/save-frame.h"

#include <string_view>
#include <utility>

namespace smime {
namespace {

// The one event and line of an act in box.
EventFields log_act(mailbox *box, const char *name, const QuarantineRecord &record,
                    const char *action, const std::string &what) {
  EventFields fields(box);
  if (is_central(box))
    fields.user = recipient_of(record);
  fields.mailbox = box->vname;
  fields.action = action;
  fields.id = record.id;
  fields.sha256 = record.sha256;
  std::string ignored;
  if (auto report = report_from_json(record.report, ignored))
    fields.classes = join_class_names(report->classes);
  add_actor(fields, box->storage->user);
  send_event(box->event, name, EventLevel::info, fields,
             "quarantine id " + record.id + ": " + what +
                 (serves_client(box->storage->user) ? " over IMAP by " : " by ") +
                 actor_text(fields));
  return fields;
}

// The same of an act after which the message is not held any more.
void log_change(mailbox *box, const QuarantineRecord &record, HeldState state,
                const std::string &what) {
  EventFields fields =
      log_act(box, event_message_released, record, std::string(name_of(state)).c_str(), what);
  note_held_change(box->storage->user, *user_context(box->storage->user)->settings, record,
                   {state, actor_text(fields), fields.reason, fields.user});
}

void note_copied_out(mail_user *user, const std::string &id) {
  // A session of years shall not keep them all: the mark on the message has it as well.
  constexpr std::size_t most = 10000;
  auto &ids = user_context(user)->copied_out;
  if (ids.size() >= most)
    ids.clear();
  ids.insert(id);
}

void mark_released(mail_user *user, const std::string &mailbox, std::uint32_t uid) {
  InternalAccess access(user);
  add_keyword_to_stored(user, mailbox, {uid, uid}, released_keyword);
}

int release_copy(MailboxContext *context, mail_save_context *save, mail *source, istream *stored,
                 const ParsedBlock &block) {
  mailbox *box = save->transaction->box;
  std::string error;
  std::string owner = EventFields(box).user;
  if (!may_be_given_to(block.record, owner, is_central(source->box)))
    return refuse_save(save, MAIL_ERROR_PERM,
                       "Quarantine id " + block.record.id + " was held for " +
                           recipient_of(block.record) + " and is not released to " + owner);
  if (!is_original(stored, block, error))
    return refuse_save(save, MAIL_ERROR_NOTPOSSIBLE, error);
  auto release = begin_release(box->storage->user, source, block, error);
  if (!release)
    return refuse_save(save, MAIL_ERROR_UNAVAILABLE, error);
  auto there = is_released_to(box->storage->user, box->vname, *release, error);
  if (!there)
    return refuse_save(save, MAIL_ERROR_UNAVAILABLE, error);
  if (*there)
    return refuse_save(save, MAIL_ERROR_EXISTS,
                       "Quarantine id " + block.record.id +
                           " was already released to this mailbox");
  set_save_data(save, release->data);
  // The reviewer read it, not its owner.
  constexpr unsigned reviewers_flags = MAIL_SEEN | MAIL_DELETED;
  take_off_release_marks(save);
  save->data.flags = static_cast<mail_flags>(save->data.flags & ~reviewers_flags);
  save->data.pvt_flags = static_cast<mail_flags>(save->data.pvt_flags & ~reviewers_flags);

  ProtectedContent content;
  StreamPtr original = open_original(stored, block);
  if (!find_protected(original.get(), {}, content, error))
    return refuse_save(save, MAIL_ERROR_UNAVAILABLE, error);
  original = open_sized_original(stored, block);
  if (save_for_copy(save, original.get()) < 0)
    return -1;
  original = open_original(stored, block);
  auto expected = [&]() -> const ProtectedContent & { return content; };
  std::optional<ProtectedContent> served;
  if (read_back(save->dest_mail, original.get(), expected, {}, served, error) !=
      ReadBackResult::same) {
    context->failed_transaction = save->transaction;
    set_critical(box, "reading back a released message: " + error + "; it was not saved");
    return -1;
  }
  ArrivalRecord record;
  record.version = ArrivalRecord::present;
  record.flags = ArrivalRecord::flag_released;
  record.sha256 = (served ? *served : content).combined().value_or(Digest{});
  set_record(save->dest_mail, record);
  // MOVE goes on to expunge the source, in this session; others may do it later.
  bool stays = !save->moving;
  user_context(source->box->storage->user)->moved_uid = stays ? 0 : source->uid;
  after_commit(context, [box, stays, done = block.record, source = std::string(source->box->vname),
                         uid = source->uid](const mail_transaction_commit_changes &) {
    log_change(box, done, HeldState::released, std::string("released to mailbox ") + box->vname);
    note_copied_out(box->storage->user, done.id);
    if (stays)
      mark_released(box->storage->user, source, uid);
  });
  return 0;
}

} // namespace

std::optional<int> copy_out_of_quarantine(MailboxContext *context, mail_save_context *save,
                                          mail *source) {
  mail_user *user = source->box->storage->user;
  UserContext *found = user_context(user);
  if (found == nullptr || !is_quarantine_mailbox(source->box, *found->settings))
    return std::nullopt;
  if (quarantine_access(mailbox_get_namespace(source->box), *found->settings) != Access::full ||
      !may_in_session(user, *found->settings, Act::release))
    return refuse_save(save, MAIL_ERROR_PERM,
                       "Only a reviewer releases messages from the quarantine");
  if (is_quarantine_mailbox(save->transaction->box, *found->settings))
    return std::nullopt;
  // A client that fails to copy does not tell whether the failure was an approval.
  if (approvals_in_session(user, *found->settings) > 1)
    return refuse_save(save, MAIL_ERROR_PERM,
                       "A release wants the approvals of several reviewers: doveadm smime "
                       "quarantine release --as NAME");
  NoLook copying(user);
  istream *stored;
  if (mail_get_stream(source, nullptr, nullptr, &stored) < 0)
    return refuse_save(save, MAIL_ERROR_UNAVAILABLE, last_error(source->box));
  i_stream_seek(stored, 0);
  auto block = read_block(stored);
  if (!block)
    return std::nullopt;
  return release_copy(context, save, source, stored, *block);
}

namespace {

// By a search, of what is going to be asked for, which may be the structure alone
// (index_mail_update_access_parts_post() in lib-storage/index/index-mail.c).
bool is_opened_ahead(mail *m) {
  const char *reason = reinterpret_cast<mail_private *>(m)->get_stream_reason;
  return reason != nullptr && std::string_view(reason) == "access";
}

} // namespace

void note_look(mail *quarantined, istream *stored) {
  mailbox *box = quarantined->box;
  UserContext *user = user_context(box->storage->user);
  if (user->internal_access > 0 || user->other_reads > 0 || !serves_client(box->storage->user) ||
      is_rebuilding(box->storage) || is_opened_ahead(quarantined))
    return;
  // A session of years shall not keep them all.
  constexpr std::size_t most = 10000;
  if (user->viewed.size() >= most)
    user->viewed.clear();
  if (!user->viewed.emplace(box->vname, quarantined->uid).second)
    return;
  uoff_t position = stored->v_offset;
  i_stream_seek(stored, 0);
  auto block = read_block(stored);
  i_stream_seek(stored, position);
  if (block)
    (void)log_act(box, event_message_viewed, block->record, "viewed", "viewed");
}

bool may_expunge(mail *quarantined) {
  mailbox *box = quarantined->box;
  mail_user *session = box->storage->user;
  UserContext *user = user_context(session);
  if (user->internal_access > 0 || is_rebuilding(box->storage))
    return true;
  bool moved = std::exchange(user->moved_uid, 0) == quarantined->uid;
  return moved || may_in_session(session, *user->settings, Act::remove) ||
         is_marked_released(quarantined);
}

void note_expunge(mail *quarantined) {
  mailbox *box = quarantined->box;
  UserContext *user = user_context(box->storage->user);
  MailboxContext *context = mailbox_context(box);
  // dsync does again what was done on the other side.
  bool is_sync = (quarantined->transaction->flags & MAILBOX_TRANSACTION_FLAG_SYNC) != 0;
  if (user == nullptr || context == nullptr || is_sync || user->internal_access > 0 ||
      is_rebuilding(box->storage) || !is_quarantine_mailbox(box, *user->settings) ||
      is_marked_released(quarantined))
    return;
  NoLook expunging(box->storage->user);
  istream *stored;
  if (mail_get_stream(quarantined, nullptr, nullptr, &stored) < 0)
    return;
  i_stream_seek(stored, 0);
  if (auto block = read_block(stored))
    after_commit(context, [box, done = block->record](const mail_transaction_commit_changes &) {
      if (!user_context(box->storage->user)->copied_out.contains(done.id))
        log_change(box, done, HeldState::deleted, "deleted");
    });
}

} // namespace smime
