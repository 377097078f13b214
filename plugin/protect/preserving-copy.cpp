#include "plugin/protect/preserving-copy.h"

#include "plugin/dovecot/events.h"
#include "plugin/dovecot/joined-stream.h"
#include "plugin/dovecot/say.h"
#include "plugin/protect/read-back.h"
#include "plugin/settings/awareness.h"
#include "plugin/settings/dovecot.h"
#include "plugin/settings/user-context.h"
#include "plugin/store/keywords.h"
#include "plugin/store/own-save.h"
#include "plugin/store/save-frame.h"

extern "C" {
#include "mail-copy.h"
}

namespace smime {
namespace {

bool is_aware(mail_save_context *save) {
  const mailbox *box = save->transaction->box;
  return is_aware(box, *user_context(box->storage->user)->settings);
}

// Before anything was saved.
int refuse_copy(mail_save_context *save, const std::string &error) {
  mailbox *box = save->transaction->box;
  mailbox_save_cancel(&save);
  set_critical(box, "protecting a message: " + error + "; it was not saved");
  return -1;
}

// After the storage took the message.
int fail_copy(MailboxContext *context, mail_save_context *save, const std::string &error) {
  context->failed_transaction = save->transaction;
  set_critical(save->transaction->box,
               "reading back a saved message: " + error + "; it was not saved");
  return -1;
}

void report_loss(mail_save_context *save, const Original &original, const SavePlan &plan,
                 Preserve preserve) {
  EventFields fields(save->transaction->box);
  fields.mailbox = save->transaction->box->vname;
  bool restored = preserve != Preserve::no;
  fields.action = restored ? "restored" : "delivered-changed";
  std::string part = plan.lost_path.empty() ? "TEXT" : plan.lost_path;
  std::string text = "msgid=" + message_id_of(original.mail) +
                     ": filtering changed what is saved to mailbox " + fields.mailbox +
                     ", signed or encrypted part " + part + " " + plan.difference + ": ";
  if (!restored)
    text += "saved as changed, as smime_preserve=no says; its signature will fail";
  else if (preserve == Preserve::message || plan.whole_message)
    text += "the whole message was put back";
  else
    text += "the original content was put back";
  send_event(save->transaction->box->event, event_content_restored, EventLevel::warning, fields,
             text);
  if (!restored)
    add_keyword(save, "$SMIMEFailed");
}

// The stream that a source is saved from, if it can be had again.
istream *stream_of(mail *source) {
  istream *input;
  return mail_get_stream(source, nullptr, nullptr, &input) < 0 ? nullptr : input;
}

// Dates, envelope sender and GUID are the source's, as with the copy that Dovecot makes.
int save_replacement(mail_save_context *save, mail *source, istream *replacement) {
  if (mail_save_copy_default_metadata(save, source) < 0) {
    mailbox_save_cancel(&save);
    return -1;
  }
  return save_for_copy(save, replacement);
}

// in_front and what would be saved without it: the replacement or the source.
StreamPtr put_in_front(const std::string &in_front, istream *replacement, mail *source) {
  istream *rest = replacement != nullptr ? replacement : stream_of(source);
  if (rest == nullptr)
    return nullptr;
  i_stream_seek(rest, 0);
  StreamPtr body(i_stream_create_limit(rest, UOFF_T_MAX));
  return join(in_front, body.get());
}

int copy_guarded(MailboxContext *context, mail_save_context *save, mail *source,
                 const Original &original, const Arrival &arrival, const std::string &in_front,
                 std::string &unstorable) {
  mailbox *box = save->transaction->box;
  Preserve preserve =
      settings_of_mailbox(box, user_context(box->storage->user)->settings)->preserve;
  std::string error;
  auto plan = plan_save(source, original, preserve, error);
  if (!plan)
    return refuse_copy(save, error);
  if (plan->lost)
    report_loss(save, original, *plan, preserve);
  if (!in_front.empty()) {
    plan->replacement = put_in_front(in_front, plan->replacement.get(), source);
    if (plan->replacement == nullptr)
      return refuse_copy(save, mailbox_get_last_internal_error(source->box, nullptr));
  }
  int ret = plan->replacement == nullptr ? context->below.copy(save, source)
                                         : save_replacement(save, source, plan->replacement.get());
  if (ret < 0)
    return -1;
  istream *as_sent = plan->replacement != nullptr                          ? plan->replacement.get()
                     : source == original.mail && original.copy != nullptr ? original.copy
                                                                           : stream_of(source);
  // The original's digests come with what is recorded of it.
  std::optional<ArrivalRecord> record;
  auto arrived = [&]() -> const ProtectedContent & {
    if (!record)
      record = arrival();
    return original.content;
  };
  auto expected = [&]() -> const ProtectedContent & {
    return plan->changed ? *plan->changed : arrived();
  };
  std::optional<ProtectedContent> served;
  auto back = read_back(save->dest_mail, as_sent, expected, original.extra_parts, served, error);
  if (back == ReadBackResult::changed)
    unstorable = error;
  if (back != ReadBackResult::same)
    return fail_copy(context, save, error);
  // With smime_preserve=no the record still tells what arrived.
  auto digest = (plan->lost ? arrived() : served ? *served : expected()).combined();
  if (digest) {
    (void)arrived();
    record->version = ArrivalRecord::present;
    record->flags |= served ? ArrivalRecord::flag_non_canonical : 0;
    record->sha256 = *digest;
    set_record(save->dest_mail, *record);
  }
  return 0;
}

template <typename Body>
int copy_in_frame(MailboxContext *context, mail_save_context *save, Body body) noexcept {
  return in_save_frame(context, save, "saving protected content", body).value_or(-1);
}

} // namespace

bool is_raw(const mail *source) { return strcmp(source->box->storage->name, "raw") == 0; }

int copy_preserving(MailboxContext *context, mail_save_context *save, mail *source,
                    const Original &original, const Arrival &arrival, const std::string &in_front,
                    std::string &unstorable) noexcept {
  if (original.content.empty() && in_front.empty())
    return context->below.copy(save, source);
  return copy_in_frame(context, save, [&] {
    return is_aware(save)
               ? copy_guarded(context, save, source, original, arrival, in_front, unstorable)
               : context->below.copy(save, source);
  });
}

int copy_edited(MailboxContext *context, mail_save_context *save, mail *source,
                mail *original) noexcept {
  if (!is_raw(source) || original == nullptr)
    return copy_stored(context, save, source);
  return copy_in_frame(context, save, [&] {
    Original known{original, nullptr, {}, {}};
    std::string error;
    std::string unstorable;
    istream *input;
    if (!is_aware(save))
      return context->below.copy(save, source);
    if (mail_get_stream(original, nullptr, nullptr, &input) < 0)
      return refuse_copy(save, mailbox_get_last_internal_error(original->box, nullptr));
    if (!find_protected(input, {}, known.content, error))
      return refuse_copy(save, error);
    if (known.content.empty())
      return context->below.copy(save, source);
    return copy_guarded(
        context, save, source, known,
        [&] { return get_record(original).value_or(ArrivalRecord{}); }, {}, unstorable);
  });
}

int copy_stored(MailboxContext *context, mail_save_context *save, mail *source) noexcept {
  return copy_in_frame(context, save, [&] {
    auto record = get_record(source);
    if (context->below.copy(save, source) < 0)
      return -1;
    // Within a storage the same file is linked or counted; nothing is written.
    if (save->copying_via_save && is_aware(save)) {
      std::string error;
      istream *input = stream_of(source);
      if (input == nullptr)
        return fail_copy(context, save, mailbox_get_last_internal_error(source->box, nullptr));
      bool is_protected = (record && record->has_digest()) || maybe_protected(input);
      if (is_protected && read_back_copy(save->dest_mail, input, error) != ReadBackResult::same)
        return fail_copy(context, save, error);
    }
    if (record)
      set_record(save->dest_mail, *record);
    return 0;
  });
}

} // namespace smime
