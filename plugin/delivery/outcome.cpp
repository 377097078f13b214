// What becomes of a delivery: stored, put into the quarantine, or refused. rules/fate.h says
// which, before_save() asks it, and carry_out() does it.
//
// Every 550 and 451 of ours is a refusal_ that is set here, permanent or not, and given to
// Dovecot by answer_refusal() (answer.cpp): by a rule (refuse_by_rule), for want of a report or a
// verdict (defer_for_scanner), of rules that can be read (without_rules), of a quarantine that can
// be written (quarantine), or of a storage that keeps the message (refuse_unstorable). What fails
// in Dovecot's own code is deferred by Dovecot; an exception by the frame in deliver-hook.cpp.
#include "plugin/delivery/delivery.h"

#include "plugin/delivery/session.h"
#include "plugin/dovecot/events.h"
#include "plugin/dovecot/ptr.h"
#include "plugin/dovecot/say.h"
#include "plugin/quarantine/mailbox.h"
#include "plugin/quarantine/quarantine.h"
#include "plugin/quarantine/register-note.h"
#include "plugin/settings/awareness.h"
#include "plugin/settings/mailbox-policy.h"
#include "plugin/store/keywords.h"
#include "plugin/store/mailbox-context.h"

extern "C" {
#include "lda-settings.h"
#include "mail-deliver.h"
}

namespace smime {

// Decided by a reviewer; once for each mailbox, however often it is repeated.
Delivery::Outcome Delivery::save_released(mail_save_context *save) {
  mailbox *box = save->transaction->box;
  std::string error;
  auto there = is_released_to(context_->rcpt_user, box->vname, *release_, error);
  if (!there) {
    refusal_ = {false, "The mailbox cannot be read"};
    return Outcome::refused;
  }
  if (*there)
    return Outcome::done;
  set_save_data(save, release_->data);
  if (const Report *report = inspection_.report())
    add_keywords(save, *report, "");
  return Outcome::save;
}

Delivery::Outcome Delivery::before_save(mail_save_context *save) {
  if (refusal_)
    return Outcome::refused;
  work_while_waiting();
  finish_inspection();
  mailbox *box = save->transaction->box;
  if (!is_aware(box, *user_.settings))
    return Outcome::save;
  if (release_)
    return save_released(save);
  if (diverted_.contains(box->vname))
    return Outcome::done;
  Fate fate;
  const Report *report = inspection_.report();
  if (report == nullptr) {
    fate = fate_without_report(user_.settings->scanner_failure, inspection_.fails_on_message());
  } else {
    std::string error;
    auto rules = rules_of(box, user_.settings, error);
    if (rules == nullptr)
      return without_rules(box, error);
    fate = fate_of(*rules, question(box, *report), user_.settings->scanner_failure);
    // The rules live no longer.
    fate.rule = nullptr;
  }
  if (fate.action == Action::deliver && report != nullptr) {
    harvest();
    add_keywords(save, *report, fate.flag);
    expectations().delivered(inspection_.label_kind(), keywords_of_report(*report, fate.flag));
  }
  return carry_out(fate, {box->vname, save});
}

void Delivery::note_decision(const std::string &mailbox, const Fate &fate) {
  if (!notes_deliveries(*user_.settings))
    return;
  note_delivery(context_->rcpt_user, *user_.settings, inspection_.report_or_stand_in(),
                {mailbox, from_, to_, fate.decided_by, std::string(name_of(fate.action))});
}

Delivery::Outcome Delivery::carry_out(const Fate &fate, const Destination &destination) {
  // What is not kept back at arrival is decided on where it is saved.
  if (!destination.at_arrival || fate.action != Action::deliver)
    note_decision(destination.mailbox, fate);
  switch (fate.action) {
  case Action::deliver: return Outcome::save;
  case Action::quarantine: return quarantine(destination, fate.decided_by, fate.reason);
  case Action::reject:
  case Action::tempfail: break;
  }
  if (fate.cause == FateCause::rules)
    refuse_by_rule(destination.mailbox, fate);
  else
    defer_for_scanner(destination.mailbox, fate);
  return Outcome::refused;
}

Delivery::Outcome Delivery::without_rules(const mailbox *box, const std::string &error) {
  refusal_ = {false, "S/MIME policy is not configured correctly"};
  EventFields fields(context_->rcpt_user);
  fields.mailbox = box->vname;
  fields.action = name_of(Action::tempfail);
  send_event(context_->event, event_message_rejected, EventLevel::error, fields,
             "msgid=" + message_id() + ": deferred: " + error);
  return Outcome::refused;
}

void Delivery::refuse_by_rule(const std::string &mailbox, const Fate &fate) {
  bool permanent = fate.action == Action::reject;
  refusal_ = {permanent, fate.reason};
  quiet_sieve_.emplace(context_->event);
  EventFields fields(context_->rcpt_user);
  fields.mailbox = mailbox;
  fields.classes = join_class_names(inspection_.report()->classes);
  fields.rule = fate.setting;
  fields.action = name_of(fate.action);
  send_event(context_->event, event_message_rejected, EventLevel::info, fields,
             "msgid=" + message_id() + ": " + (permanent ? "rejected" : "deferred") +
                 ", was for mailbox " + mailbox + " (" + fate.decided_by + "): " + fate.reason);
}

void Delivery::defer_for_scanner(const std::string &mailbox, const Fate &fate) {
  // That there is no report was told when there was none.
  const Report *report = inspection_.report();
  if (report == nullptr) {
    refusal_ = {false, "S/MIME scanner is not available"};
    return;
  }
  refusal_ = {false, "Virus scanner is not available"};
  EventFields fields(context_->rcpt_user);
  fields.mailbox = mailbox;
  fields.classes = join_class_names(report->classes);
  fields.action = name_of(fate.action);
  send_event(context_->event, event_message_rejected, EventLevel::error, fields,
             "msgid=" + message_id() + ": deferred (" + fate.decided_by + "), was for mailbox " +
                 mailbox + ": " + report->scan_engine + ": " + report->scan_name);
}

Delivery::Outcome Delivery::quarantine(const Destination &destination, const std::string &rule,
                                       const std::string &reason) {
  const std::string &name = destination.mailbox;
  const Report report = inspection_.report_or_stand_in();
  QuarantineRecord record;
  record.mailbox = name;
  record.from = from_;
  record.to = to_;
  record.rule = rule;
  record.reason = reason;
  record.report = to_json(report);

  EventFields fields(context_->rcpt_user);
  fields.mailbox = name;
  fields.classes = join_class_names(report.classes);
  fields.status = name_of(report.signature);
  fields.rule = rule;
  fields.action = name_of(Action::quarantine);

  std::string error;
  Held held;
  held.keywords = destination.save == nullptr ? keywords_of_report(report, "")
                                              : keywords_for(destination.save, report, "");
  held.content = inspection_.known_content();
  istream *input = original().copy;
  held.session = session_of(context_);
  held.classes = fields.classes;
  held.verdict = name_of(report.scan);
  held.for_good = destination.at_arrival;
  held.facts = inspection_.facts();
  auto result = WriteResult::failed;
  if (input != nullptr || mail_get_stream(context_->src_mail, nullptr, nullptr, &input) == 0)
    result = write_to_quarantine(context_->rcpt_user, *user_.settings, input, held, record, error);
  else
    error = mailbox_get_last_internal_error(context_->src_mail->box, nullptr);
  if (result == WriteResult::unstorable)
    return refuse_unstorable(name, error);
  if (result == WriteResult::failed) {
    refusal_ = {false, "Quarantine is not available"};
    send_event(context_->event, event_message_rejected, EventLevel::error, fields,
               "msgid=" + message_id() + ": deferred, writing to smime_quarantine_mailbox=" +
                   user_.settings->quarantine_mailbox + " failed: " + error);
    return Outcome::refused;
  }
  // What is held at arrival tells nothing of those that are saved, and no one goes on to
  // log that it was stored.
  if (destination.save != nullptr) {
    expectations().diverted(inspection_.label_kind());
    mark_log_lines(record.id, name);
  }
  diverted_.insert(name);
  if (result == WriteResult::held)
    newly_held_.insert(record.identity);
  // Also of one that is found: the try that wrote it may have ended before it could tell.
  note_newly_held(context_->rcpt_user, *user_.settings, record, report, input);
  if (!held.for_good)
    provisional_.insert(record.identity);
  fields.id = record.id;
  fields.sha256 = record.sha256;
  send_event(context_->event, event_message_quarantined, EventLevel::info, fields,
             "msgid=" + message_id() +
                 (result == WriteResult::found
                      ? ": held since " + record.time + " in the quarantine as "
                      : ": quarantined as ") +
                 record.id + ", was for mailbox " + name + " (" + rule + "): " + reason);
  return Outcome::done;
}

Delivery::Outcome Delivery::hold_unstorable(const mailbox *box, const std::string &cause) {
  // Decided by a reviewer: it stays where it is.
  if (release_)
    return refuse_unstorable(box->vname, cause);
  // One that is copied from this mail, which is not there, has none.
  context_->save_dest_mail = false;
  return quarantine({box->vname, nullptr}, "storage",
                    "The mailbox does not keep the message as it arrived: " + cause);
}

Delivery::Outcome Delivery::refuse_unstorable(const std::string &mailbox,
                                              const std::string &cause) {
  bool permanent = !release_ && user_.settings->unstorable == Unstorable::reject;
  refusal_ = {permanent, "The message cannot be stored as it arrived"};
  EventFields fields(context_->rcpt_user);
  fields.mailbox = mailbox;
  fields.action = name_of(permanent ? Action::reject : Action::tempfail);
  send_event(context_->event, event_message_rejected, EventLevel::error, fields,
             "msgid=" + message_id() + ": " + (permanent ? "rejected" : "deferred") +
                 " (smime_unstorable), was for mailbox " + mailbox + ": " + cause);
  return Outcome::refused;
}

// Dovecot and Sieve go on to log that they stored the message; say at the end
// of those lines where it really is.
void Delivery::mark_log_lines(const std::string &id, const std::string &mailbox) {
  std::string format = context_->set->deliver_log_format;
  if (format.empty())
    return;
  std::string escaped;
  for (char c : log_text(mailbox))
    escaped += c == '%' ? "%%" : std::string(1, c);
  format += " [smime: quarantined as " + id + " what was for mailbox " + escaped + "]";
  auto *set = p_new(context_->pool, lda_settings, 1);
  *set = *context_->set;
  set->deliver_log_format = p_strdup(context_->pool, format.c_str());
  context_->set = set;
}

} // namespace smime
