// Saves that are no copies (IMAP APPEND, doveadm import, dsync, our own writes):
// what went in is compared with what the storage then holds.
#include "plugin/dovecot/say.h"
#include "plugin/dovecot/watch-stream.h"
#include "plugin/hooks/client-save.h"
#include "plugin/protect/marker-search.h"
#include "plugin/protect/preserve.h"
#include "plugin/protect/read-back.h"
#include "plugin/quarantine/access.h"
#include "plugin/quarantine/exclusions.h"
#include "plugin/quarantine/guard.h"
#include "plugin/quarantine/held-messages.h"
#include "plugin/quarantine/mailbox.h"
#include "plugin/settings/awareness.h"
#include "plugin/settings/user-context.h"
#include "plugin/store/keywords.h"
#include "plugin/store/mailbox-context.h"
#include "plugin/store/record.h"

extern "C" {
#include "iostream-temp.h"
}

namespace smime {

// Watches the bytes of one save as the storage reads them.
class SaveWatch {
public:
  SaveWatch(mail_save_context *save, istream *input);

  // The rules hold for the save. A storage that cannot be read back has a copy
  // of the message made, in memory or in a temporary file.
  void decide_with(std::unique_ptr<ClientSave> decision);
  ClientSave *decision() const { return decision_.get(); }
  const Held &held() const { return held_; }
  // The message that was saved; null with error set.
  istream *message(std::string &error);

  const mail_save_context *save() const { return save_; }
  istream *stream() const { return stream_.get(); }
  bool maybe_protected() const { return failed_ || markers_.found(); }
  bool failed() const { return failed_; }
  Digest result() { return sha256_.result(); }
  bool has_nul() const { return sha256_.line_ends().nul; }

  void update(std::span<const unsigned char> bytes) noexcept {
    failed_ =
        failed_ || !guarded("watching a save", false, [&] {
          sha256_.update(bytes);
          markers_.update(bytes);
          return copy_ == nullptr || o_stream_send(copy_.get(), bytes.data(), bytes.size()) >= 0;
        });
  }

private:
  mail_save_context *save_;
  CanonicalSha256 sha256_;
  MarkerSearch markers_;
  std::unique_ptr<ClientSave> decision_;
  Held held_;
  OstreamPtr copy_;
  StreamPtr copied_;
  bool failed_ = false;
  // Last: reads into the members above until it is gone.
  StreamPtr stream_;
};

namespace {

void watch_bytes(void *context, const unsigned char *data, std::size_t size) noexcept {
  static_cast<SaveWatch *>(context)->update({data, size});
}

bool is_watched(mailbox *box) {
  UserContext *user = user_context(box->storage->user);
  return user != nullptr &&
         (is_aware(box, *user->settings) || is_quarantine_mailbox(box, *user->settings));
}

void set_failed(mail_save_context *save, const std::string &error) {
  set_critical(save->transaction->box,
               "reading back a saved message: " + error + "; the message was not saved");
  mailbox_context(save->transaction->box)->failed_transaction = save->transaction;
}

// Returns false and sets error if the message has protected content and is not
// what was sent. record says afterwards what the message is.
bool check_saved(SaveWatch &watch, mail *saved, ArrivalRecord &record, std::string &error) {
  if (watch.failed()) {
    error = "the incoming message could not be watched";
    return false;
  }
  istream *stored;
  if (mail_get_stream(saved, nullptr, nullptr, &stored) < 0) {
    error = mailbox_get_last_internal_error(saved->box, nullptr);
    return false;
  }
  ProtectedContent content;
  if (!find_protected(stored, {}, content, error))
    return false;
  auto combined = content.combined();
  if (!combined)
    return true;
  i_stream_seek(stored, 0);
  auto digest = digest_stream(stored, error);
  if (!digest)
    return false;
  if (*digest != watch.result()) {
    error = "the storage did not keep the message as it was sent";
    return false;
  }
  record.version = ArrivalRecord::present;
  record.flags |= content.non_canonical || watch.has_nul() ? ArrivalRecord::flag_non_canonical : 0;
  record.sha256 = *combined;
  return true;
}

// The plugin's own save; record says afterwards what the message is.
bool check_own_save(OwnSave &own, mail *saved, ArrivalRecord &record, std::string &error) {
  if (!own.data->identity.empty())
    mark_held(saved, own.data->identity, own.data->provisional);
  if (!can_read_back(saved->box))
    return true;
  auto back = read_back_exact(saved, own.input, error);
  own.changed = back == ReadBackResult::changed;
  if (back != ReadBackResult::same)
    return false;
  ProtectedContent found;
  const ProtectedContent *content = own.data->content;
  // What the storage serves: it may make other line ends of some that it gets.
  if (content == nullptr) {
    istream *stored;
    if (mail_get_stream(saved, nullptr, nullptr, &stored) < 0) {
      error = mailbox_get_last_internal_error(saved->box, nullptr);
      return false;
    }
    if (!find_protected(stored, {}, found, error))
      return false;
    content = &found;
  }
  auto combined = content->combined();
  if (!combined)
    return true;
  record.version = ArrivalRecord::present;
  record.flags |= content->non_canonical ? ArrivalRecord::flag_non_canonical : 0;
  record.sha256 = *combined;
  return true;
}

// An APPEND for which rules hold is looked at when it is complete. False: it
// cannot be watched.
bool prepare_decision(MailboxContext *context, mail_save_context *save) {
  mailbox *box = save->transaction->box;
  UserContext *user = user_context(box->storage->user);
  if (user == nullptr || !user->client_session || user->internal_access > 0 ||
      !is_aware(box, *user->settings) || is_quarantine_mailbox(box, *user->settings))
    return true;
  auto decision = std::make_unique<ClientSave>(box, *user, Origin::append);
  if (!decision->needs_decision())
    return true;
  if (context->watch == nullptr || context->watch->save() != save)
    return false;
  context->watch->decide_with(std::move(decision));
  return true;
}

// The storage has the message's flags already: this one comes when it has its UID.
// index: of the message among those of the transaction.
void set_flag_after_commit(mailbox *box, unsigned index, const std::string &flag) {
  after_commit(mailbox_context(box),
               [box, index, flag](const mail_transaction_commit_changes &changes) {
                 seq_range_iter iterator;
                 seq_range_array_iter_init(&iterator, &changes.saved_uids);
                 std::uint32_t uid;
                 if (seq_range_array_iter_nth(&iterator, index, &uid))
                   add_keyword_to_stored(box->storage->user, box->vname, {uid, uid}, flag);
               });
}

// False with the storage's error set if a rule bars the save.
bool may_append(SaveWatch &watch, mail_save_context *save) {
  std::string error;
  istream *message = watch.failed() ? nullptr : watch.message(error);
  if (message == nullptr) {
    set_failed(save, watch.failed() ? "the incoming message could not be watched" : error);
    return false;
  }
  std::string flag;
  auto refusal = watch.decision()->decide_on(message, watch.held(), false, flag);
  if (refusal) {
    set_storage_error(save->transaction->box->storage, refusal->code, refusal->text);
    return false;
  }
  if (!flag.empty())
    set_flag_after_commit(save->transaction->box, save->transaction->save_count, flag);
  return true;
}

// After the storage took the message; false with the storage's error set if it
// must not be kept.
bool finish_save(mail_save_context *save, SaveWatch *watch, OwnSave *own, bool released) {
  ArrivalRecord record;
  std::string error;
  if (released) {
    record.version = ArrivalRecord::present;
    record.flags = ArrivalRecord::flag_released;
  }
  if (watch != nullptr && watch->decision() != nullptr && !may_append(*watch, save))
    return false;
  bool ok = true;
  if (own != nullptr)
    ok = check_own_save(*own, save->dest_mail, record, error);
  else if (watch != nullptr && watch->maybe_protected() && can_read_back(save->transaction->box))
    ok = check_saved(*watch, save->dest_mail, record, error);
  if (!ok) {
    set_failed(save, error);
    return false;
  }
  if (record.version == ArrivalRecord::present)
    set_record(save->dest_mail, record);
  return true;
}

void drop_watch(MailboxContext *context, const mail_save_context *save) {
  if (context->watch != nullptr && context->watch->save() == save) {
    delete context->watch;
    context->watch = nullptr;
  }
}

} // namespace

SaveWatch::SaveWatch(mail_save_context *save, istream *input)
    : save_(save), stream_(create_watched_stream(input, watch_bytes, this)) {}

void SaveWatch::decide_with(std::unique_ptr<ClientSave> decision) {
  decision_ = std::move(decision);
  // The storage forgets these when it ends the save.
  held_.received_date = save_->data.received_date;
  held_.keywords = keywords_for(save_, Report(), "");
  mailbox *box = save_->transaction->box;
  if (can_read_back(box))
    return;
  DataStackFrame frame;
  string_t *prefix = t_str_new(128);
  mail_user_set_get_temp_prefix(prefix, box->storage->user->set);
  copy_.reset(iostream_temp_create(str_c(prefix), static_cast<iostream_temp_flags>(0)));
}

istream *SaveWatch::message(std::string &error) {
  istream *input = nullptr;
  if (copy_ != nullptr) {
    ostream *output = copy_.release();
    copied_.reset(iostream_temp_finish(&output, IO_BLOCK_SIZE));
    return copied_.get();
  }
  if (copied_ != nullptr)
    return copied_.get();
  if (mail_get_stream(save_->dest_mail, nullptr, nullptr, &input) < 0)
    error = mailbox_get_last_internal_error(save_->transaction->box, nullptr);
  return input;
}

int save_begin_override(mail_save_context *save, istream *input) noexcept {
  mailbox *box = save->transaction->box;
  MailboxContext *context = mailbox_context(box);
  WithoutSizeLimit quarantine(box);
  if (save->copying_via_save || context->own_save != nullptr)
    return context->below.save_begin(save, input);
  if (!guarded("asking whether to save", false, [&] { return may_append(box); }))
    return -1;
  bool ok = guarded("beginning a save", false, [&] {
    drop_watch(context, save);
    // Another save in the same mailbox that is under way is not watched twice.
    if (context->watch == nullptr && is_watched(box))
      context->watch = new SaveWatch(save, input);
    return prepare_decision(context, save);
  });
  if (!ok) {
    set_critical(box, "watching a save failed");
    drop_watch(context, save);
    return -1;
  }
  if (context->watch != nullptr && context->watch->save() == save)
    input = context->watch->stream();
  return context->below.save_begin(save, input);
}

// A copy that is made by saving is told to the notify plugin by its copy function, and its
// save function waits for that. Where the copy functions are not called it is to be told by
// the save function: mail_log ends the process (an assertion) for a saved message of which
// it was not told.
static int finish_below(MailboxContext *context, mail_save_context *save) {
  if (context->unseen_copy != save)
    return context->below.save_finish(save);
  save->copying_via_save = FALSE;
  int ret = context->below.save_finish(save);
  save->copying_via_save = TRUE;
  return ret;
}

int save_finish_override(mail_save_context *save) noexcept {
  mailbox *box = save->transaction->box;
  MailboxContext *context = mailbox_context(box);
  WithoutSizeLimit quarantine(box);
  int ret = finish_below(context, save);
  bool released = context->mark_released;
  context->mark_released = false;
  bool watched = context->watch != nullptr && context->watch->save() == save;
  // What a copy that is made by saving saves is checked by the copy.
  OwnSave *own = save->copying_via_save ? nullptr : context->own_save;
  if (ret == 0 && (watched || released || own != nullptr)) {
    bool ok = guarded("checking a save", false, [&] {
      return finish_save(save, watched ? context->watch : nullptr, own, released);
    });
    if (!ok) {
      context->failed_transaction = save->transaction;
      ret = -1;
    }
  }
  drop_watch(context, save);
  return ret;
}

void save_cancel_override(mail_save_context *save) noexcept {
  MailboxContext *context = mailbox_context(save->transaction->box);
  context->below.save_cancel(save);
  drop_watch(context, save);
}

} // namespace smime
