// Saves that are no copies (IMAP APPEND, doveadm import, dsync, our own writes):
// what went in is compared with what the storage then holds. And the place
// where a copy's content is exchanged for the original's.
#include "mailbox-context.h"
#include "marker-search.h"
#include "preserve.h"
#include "record.h"
#include "user-context.h"
#include "watch-stream.h"

namespace smime {

// Watches the bytes of one save as the storage reads them.
class SaveWatch {
public:
  SaveWatch(mail_save_context *save, istream *input);

  const mail_save_context *save() const { return save_; }
  istream *stream() const { return stream_.get(); }
  bool maybe_protected() const { return failed_ || markers_.found(); }
  bool failed() const { return failed_; }
  Digest result() { return sha256_.result(); }
  bool has_nul() const { return sha256_.line_ends().nul; }

  void update(std::span<const unsigned char> bytes) noexcept {
    failed_ = failed_ || !guarded("watching a save", false, [&] {
      sha256_.update(bytes);
      markers_.update(bytes);
      return true;
    });
  }

private:
  mail_save_context *save_;
  CanonicalSha256 sha256_;
  MarkerSearch markers_;
  bool failed_ = false;
  // Last: reads into the members above until it is gone.
  StreamPtr stream_;
};

namespace {

void watch_bytes(void *context, const unsigned char *data, std::size_t size) noexcept {
  static_cast<SaveWatch *>(context)->update({data, size});
}

bool is_aware(mailbox *box) {
  UserContext *user = user_context(box->storage->user);
  return user != nullptr &&
         (user->settings->stores.matches(box->vname,
                                         mail_namespace_get_sep(mailbox_get_namespace(box))) ||
          user->settings->quarantine_mailbox == box->vname);
}

void set_failed(mail_save_context *save, const std::string &error) {
  mailbox_set_critical(save->transaction->box,
                       "smime: reading back a saved message: %s; the message was not saved",
                       error.c_str());
  mailbox_context(save->transaction->box)->failed_transaction = save->transaction;
}

// Returns false and sets error if the message has protected content and is not
// what was sent.
bool check_saved(SaveWatch &watch, mail *saved, std::string &error) {
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
  ArrivalRecord record;
  record.version = ArrivalRecord::present;
  record.flags = content.non_canonical || watch.has_nul() ? ArrivalRecord::flag_non_canonical : 0;
  record.sha256 = *combined;
  set_record(saved, record);
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

extern "C" int save_begin_override(mail_save_context *save, istream *input) noexcept {
  mailbox *box = save->transaction->box;
  MailboxContext *context = mailbox_context(box);
  if (save->copying_via_save) {
    if (context->replaced_save == save) {
      context->replaced_input = input;
      input = context->replacement;
    }
    return context->below.save_begin(save, input);
  }
  bool ok = guarded("beginning a save", false, [&] {
    drop_watch(context, save);
    // Another save in the same mailbox that is under way is not watched twice.
    if (context->watch == nullptr && is_aware(box))
      context->watch = new SaveWatch(save, input);
    return true;
  });
  if (!ok) {
    mail_storage_set_critical(box->storage, "smime: watching a save failed");
    return -1;
  }
  if (context->watch != nullptr && context->watch->save() == save)
    input = context->watch->stream();
  return context->below.save_begin(save, input);
}

extern "C" int save_continue_override(mail_save_context *save) noexcept {
  MailboxContext *context = mailbox_context(save->transaction->box);
  int ret = context->below.save_continue(save);
  // The copying loop waits for the end of the input that is not saved.
  if (context->replaced_save == save && context->replaced_input != nullptr)
    i_stream_skip(context->replaced_input, i_stream_get_data_size(context->replaced_input));
  return ret;
}

extern "C" int save_finish_override(mail_save_context *save) noexcept {
  mailbox *box = save->transaction->box;
  MailboxContext *context = mailbox_context(box);
  int ret = context->below.save_finish(save);
  if (context->watch == nullptr || context->watch->save() != save)
    return ret;
  if (ret == 0 && context->watch->maybe_protected() && can_read_back(box)) {
    bool ok = guarded("reading back a save", false, [&] {
      std::string error;
      if (check_saved(*context->watch, save->dest_mail, error))
        return true;
      set_failed(save, error);
      return false;
    });
    if (!ok)
      ret = -1;
  }
  drop_watch(context, save);
  return ret;
}

extern "C" void save_cancel_override(mail_save_context *save) noexcept {
  MailboxContext *context = mailbox_context(save->transaction->box);
  context->below.save_cancel(save);
  drop_watch(context, save);
}

} // namespace smime
