// What the sender's server is told at the end of a delivery, and what has to be true before that:
// what is held stays held, or is taken back.
#include "plugin/delivery/delivery.h"

#include "plugin/delivery/lmtp-reply.h"
#include "plugin/delivery/session.h"
#include "plugin/dovecot/events.h"
#include "plugin/dovecot/say.h"
#include "plugin/quarantine/quarantine.h"
#include "plugin/quarantine/register-note.h"

extern "C" {
#include "lda-settings.h"
#include "mail-deliver.h"
#include "mail-send.h"

// In libdovecot-lda, which only lmtp and dovecot-lda link.
#pragma weak mail_deliver_log
#pragma weak mail_send_rejection
}

namespace smime {

bool Delivery::keep_held() {
  if (provisional_.empty())
    return true;
  std::string error;
  if (smime::keep_held(context_->rcpt_user, *user_.settings, provisional_, error))
    return true;
  EventFields fields(context_->rcpt_user);
  fields.action = name_of(Action::tempfail);
  send_event(context_->event, event_message_rejected, EventLevel::error, fields,
             "msgid=" + message_id() + ": deferred, what was put into smime_quarantine_mailbox=" +
                 user_.settings->quarantine_mailbox + " is not sure to stay there: " + error);
  return false;
}

bool Delivery::take_back_held() {
  // What a reviewer releases stays held until it is where it was to go.
  if (!user_.settings->release_id.empty())
    return true;
  std::string error;
  std::vector<QuarantineRecord> taken;
  istream *input = original().copy;
  bool ok = input != nullptr || mail_get_stream(context_->src_mail, nullptr, nullptr, &input) == 0;
  if (!ok)
    error = mailbox_get_last_internal_error(context_->src_mail->box, nullptr);
  ok = ok && take_back(context_->rcpt_user, *user_.settings,
                       {from_, to_, input, session_of(context_), inspection_.facts(), newly_held_},
                       taken, error);
  EventFields fields(context_->rcpt_user);
  fields.action = "taken-back";
  for (const QuarantineRecord &record : taken) {
    fields.mailbox = record.mailbox;
    fields.id = record.id;
    send_event(
        context_->event, event_message_rejected, ok ? EventLevel::info : EventLevel::error, fields,
        "msgid=" + message_id() + ": quarantine id " + record.id +
            (ok ? ": taken back, since the message is refused" : ": not taken back: " + error));
    if (ok)
      note_held_change(context_->rcpt_user, *user_.settings, record,
                       {HeldState::gone, "", "taken back, since the message was refused"});
  }
  if (!ok) {
    fields.mailbox.clear();
    fields.id.clear();
    send_event(context_->event, event_message_rejected, EventLevel::error, fields,
               "msgid=" + message_id() +
                   ": deferred, since what is held of it is not taken back: " + error);
  }
  return ok;
}

int Delivery::answer_refusal() {
  if (refusal_->permanent && !take_back_held())
    refusal_ = {false, "Quarantine is not available"};
  // Also keeps Dovecot from saving to the default mailbox after us.
  std::string text = reply_text(refusal_->text);
  context_->tempfail_error = p_strdup(context_->pool, text.c_str());
  if (!refusal_->permanent)
    return -1;
  if (lmtp_can_reject()) {
    lmtp_reject(text);
    return -1;
  }
  // dovecot-lda: a delivery status notification to the sender (RFC 3464).
  context_->dsn = true;
  if (mail_send_rejection(context_, context_->rcpt_to, text.c_str()) != 0)
    return -1;
  mail_deliver_log(context_, "rejected: %s", text.c_str());
  context_->tempfail_error = nullptr;
  return 1;
}

} // namespace smime
