// What becomes of a delivery: stored, put into the quarantine, or refused.
#include "delivery.h"

#include "dovecot-ptr.h"
#include "events.h"
#include "keywords.h"
#include "lmtp-reply.h"
#include "mailbox-context.h"
#include "mailbox-policy.h"
#include "quarantine.h"
#include "quarantine-mailbox.h"

extern "C" {
#include "lda-settings.h"
#include "mail-deliver.h"
#include "mail-send.h"

// In libdovecot-lda, which only lmtp and dovecot-lda link.
#pragma weak mail_deliver_log
#pragma weak mail_send_rejection
}

namespace smime {

// Decided by a reviewer; once for each mailbox, however often it is repeated.
Delivery::Outcome Delivery::save_released(mail_save_context *save) {
  mailbox *box = save->transaction->box;
  std::string error;
  bool there = false;
  std::string guid = released_guid(released_id_);
  MailboxPtr target = alloc_mailbox(context_->rcpt_user, box->vname, MAILBOX_FLAG_IGNORE_ACLS);
  if (mailbox_open(target.get()) < 0 || !has_guid(target.get(), guid, there, error) ||
      (!there && released_again_ &&
       !has_original(target.get(), released_date_, released_sha256_, there, error))) {
    refusal_ = {false, "The mailbox cannot be read"};
    return Outcome::refused;
  }
  if (there)
    return Outcome::diverted;
  mailbox_save_set_guid(save, guid.c_str());
  mailbox_save_set_received_date(save, released_date_, 0);
  mailbox_context(box)->mark_released = true;
  if (report_)
    add_keywords(save, *report_, "");
  return Outcome::save;
}

Delivery::Outcome Delivery::without_report(mail_save_context *save) {
  switch (user_.settings->scanner_failure) {
  case ScannerFailure::deliver:
    return Outcome::save;
  case ScannerFailure::quarantine:
    report_.emplace();
    report_->classes.add(MessageClass::malformed);
    report_->scan = ScanVerdict::error;
    report_->errors.push_back({"no-report", "", scan_error_, {}});
    return quarantine(save, "smime_scanner_failure=quarantine",
                      "The scanner gave no report on the message");
  case ScannerFailure::tempfail:
    break;
  }
  refusal_ = {false, "S/MIME scanner is not available"};
  return Outcome::refused;
}

// No rule says what becomes of a message on which the virus scanner gave no
// verdict: that is no permission to deliver it.
Delivery::Outcome Delivery::without_verdict(mail_save_context *save) {
  static const std::string reason = "The virus scanner gave no verdict on the message";
  if (user_.settings->scanner_failure == ScannerFailure::quarantine)
    return quarantine(save, "smime_scanner_failure=quarantine", reason);
  refusal_ = {false, "Virus scanner is not available"};
  EventFields fields;
  fields.mailbox = save->transaction->box->vname;
  fields.classes = join_class_names(report_->classes);
  fields.action = name_of(Action::tempfail);
  send_event(context_->event, event_message_rejected, EventLevel::error, fields,
             "msgid=" + message_id() + ": deferred (smime_scanner_failure=tempfail), was for "
                 "mailbox " + fields.mailbox + ": " + report_->scan_engine + ": " +
                 report_->scan_name);
  return Outcome::refused;
}

Delivery::Outcome Delivery::before_save(mail_save_context *save) {
  if (refusal_)
    return Outcome::refused;
  work_while_waiting();
  finish_inspection();
  mailbox *box = save->transaction->box;
  if (!is_aware(box))
    return Outcome::save;
  if (!released_id_.empty())
    return save_released(save);
  if (quarantined_.contains(box->vname))
    return Outcome::diverted;
  if (!report_)
    return without_report(save);

  std::string error;
  auto rules = rules_of(box, user_.settings, error);
  if (rules == nullptr)
    return without_rules(box, error);
  Decision decision = decide(*rules, question(box, *report_));
  if (lacks_verdict(decision, *report_) &&
      user_.settings->scanner_failure != ScannerFailure::deliver)
    return without_verdict(save);
  switch (decision.action) {
  case Action::deliver: {
    const std::string flag = decision.rule == nullptr ? "" : decision.rule->flag;
    harvest();
    add_keywords(save, *report_, flag);
    expectations().delivered(label_kind(), keywords_of_report(*report_, flag));
    return Outcome::save;
  }
  case Action::quarantine:
    return quarantine(save, decision.rule->setting + ": " + decision.rule->text,
                      reason_of(decision, *report_));
  case Action::reject:
  case Action::tempfail:
    break;
  }
  return refuse(box, decision);
}

Delivery::Outcome Delivery::without_rules(const mailbox *box, const std::string &error) {
  refusal_ = {false, "S/MIME policy is not configured correctly"};
  EventFields fields;
  fields.mailbox = box->vname;
  fields.action = name_of(Action::tempfail);
  send_event(context_->event, event_message_rejected, EventLevel::error, fields,
             "msgid=" + message_id() + ": deferred: " + error);
  return Outcome::refused;
}

Delivery::Outcome Delivery::refuse(const mailbox *box, const Decision &decision) {
  bool permanent = decision.action == Action::reject;
  refusal_ = {permanent, reason_of(decision, *report_)};
  EventFields fields;
  fields.mailbox = box->vname;
  fields.classes = join_class_names(report_->classes);
  fields.rule = decision.rule->setting;
  fields.action = name_of(decision.action);
  send_event(context_->event, event_message_rejected, EventLevel::info, fields,
             "msgid=" + message_id() + ": " + (permanent ? "rejected" : "deferred") +
                 ", was for mailbox " + fields.mailbox + " (" + decision.rule->setting + ": " +
                 decision.rule->text + "): " + refusal_->text);
  return Outcome::refused;
}

Delivery::Outcome Delivery::quarantine(mail_save_context *save, const std::string &rule,
                                       const std::string &reason) {
  mailbox *box = save->transaction->box;
  std::string name = box->vname;
  QuarantineRecord record;
  record.mailbox = name;
  record.from = from_;
  record.to = to_;
  record.rule = rule;
  record.reason = reason;
  record.report = to_json(*report_);
  record.sha256 = sha256_;

  EventFields fields;
  fields.mailbox = name;
  fields.classes = join_class_names(report_->classes);
  fields.status = name_of(report_->signature);
  fields.rule = rule;
  fields.action = name_of(Action::quarantine);

  std::string error;
  Held held;
  held.keywords = keywords_for(save, *report_, "");
  if (knows_content_)
    held.content = &original_.content;
  istream *input = original_.copy;
  bool written =
      input != nullptr || mail_get_stream(context_->src_mail, nullptr, nullptr, &input) == 0;
  if (written)
    written = write_to_quarantine(context_->rcpt_user, *user_.settings, input, held, record, error);
  else
    error = mailbox_get_last_internal_error(context_->src_mail->box, nullptr);
  if (!written) {
    refusal_ = {false, "Quarantine is not available"};
    send_event(context_->event, event_message_rejected, EventLevel::error, fields,
               "msgid=" + message_id() + ": deferred, writing to smime_quarantine_mailbox=" +
                   user_.settings->quarantine_mailbox + " failed: " + error);
    return Outcome::refused;
  }
  expectations().diverted(label_kind());
  quarantined_[name] = record.id;
  mark_log_lines(record.id, name);
  fields.id = record.id;
  fields.sha256 = record.sha256;
  send_event(context_->event, event_message_quarantined, EventLevel::info, fields,
             "msgid=" + message_id() + ": quarantined as " + record.id + ", was for mailbox " +
                 name + " (" + rule + "): " + reason);
  return Outcome::diverted;
}

// Dovecot and Sieve go on to log that they stored the message; say at the end
// of those lines where it really is.
void Delivery::mark_log_lines(const std::string &id, const std::string &mailbox) {
  std::string format = context_->set->deliver_log_format;
  if (format.empty())
    return;
  std::string escaped;
  for (char c : mailbox)
    escaped += c == '%' ? "%%" : std::string(1, c);
  format += " [smime: quarantined as " + id + " what was for mailbox " + escaped + "]";
  auto *set = p_new(context_->pool, lda_settings, 1);
  *set = *context_->set;
  set->deliver_log_format = p_strdup(context_->pool, format.c_str());
  context_->set = set;
}

int Delivery::answer_refusal() {
  // Also keeps Dovecot from saving to the default mailbox after us.
  context_->tempfail_error = p_strdup(context_->pool, refusal_->text.c_str());
  if (!refusal_->permanent)
    return -1;
  if (lmtp_can_reject()) {
    lmtp_reject(refusal_->text);
    return -1;
  }
  // dovecot-lda: a delivery status notification to the sender (RFC 3464).
  context_->dsn = true;
  if (mail_send_rejection(context_, context_->rcpt_to, refusal_->text.c_str()) != 0)
    return -1;
  mail_deliver_log(context_, "rejected: %s", refusal_->text.c_str());
  context_->tempfail_error = nullptr;
  return 1;
}

} // namespace smime
