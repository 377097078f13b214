#include "client-save.h"

#include "events.h"
#include "keywords.h"
#include "mailbox-policy.h"
#include "scanner-client.h"

namespace smime {
namespace {

char separator_of(mailbox *box) { return mail_namespace_get_sep(mailbox_get_namespace(box)); }

std::string_view verb(Origin origin) { return origin == Origin::append ? "APPEND" : "copy"; }

} // namespace

ClientSave::ClientSave(mailbox *box, UserContext &user, Origin origin)
    : box_(box), user_(user), origin_(origin) {
  if (!user.settings->errors.empty())
    rules_error_ = user.settings->errors.front();
  else
    rules_ = rules_of(box, user.settings, rules_error_);
}

bool ClientSave::needs_decision() const {
  return rules_ == nullptr || concerns_mailbox(*rules_, box_->vname, separator_of(box_), origin_);
}

SaveRefusal ClientSave::refuse(const std::string &rule, Action action, mail_error code,
                               const std::string &reason, const std::string &classes) {
  EventFields fields;
  fields.mailbox = box_->vname;
  fields.classes = classes;
  fields.rule = rule;
  fields.action = name_of(action);
  add_actor(fields, box_->storage->user);
  bool broken = code != MAIL_ERROR_NOTPOSSIBLE;
  send_event(box_->event, event_message_rejected, broken ? EventLevel::error : EventLevel::info,
             fields,
             std::string(verb(origin_)) + " to mailbox " + box_->vname + " refused (" + rule +
                 "): " + reason);
  return {code, reason};
}

SaveRefusal ClientSave::hold(istream *input, Held held, const Report &report,
                             const std::string &rule, const std::string &reason) {
  mail_user *user = box_->storage->user;
  QuarantineRecord record;
  record.mailbox = box_->vname;
  // There is no envelope: who put it there, and whose mailbox it is.
  record.from = user->auth_user == nullptr ? user->username : user->auth_user;
  record.to = user->username;
  record.rule = rule;
  record.reason = reason;
  record.report = to_json(report);
  held.once = true;

  EventFields fields;
  fields.mailbox = box_->vname;
  fields.classes = join_class_names(report.classes);
  fields.status = name_of(report.signature);
  fields.rule = rule;
  fields.action = name_of(Action::quarantine);
  add_actor(fields, user);
  std::string error;
  if (!write_to_quarantine(user, *user_.settings, input, held, record, error))
    return refuse(rule, Action::tempfail, MAIL_ERROR_UNAVAILABLE,
                  "Quarantine is not available, try again later", fields.classes + ": " + error);
  fields.id = record.id;
  fields.sha256 = record.sha256;
  send_event(box_->event, event_message_quarantined, EventLevel::info, fields,
             std::string(verb(origin_)) + " to mailbox " + box_->vname + " quarantined as " +
                 record.id + " (" + rule + "): " + reason);
  return {MAIL_ERROR_NOTPOSSIBLE, reason + "; quarantine id " + record.id};
}

std::optional<SaveRefusal> ClientSave::without_verdict(istream *input, Held held, Report report,
                                                       const std::string &reason) {
  switch (user_.settings->scanner_failure) {
  case ScannerFailure::deliver: return std::nullopt;
  case ScannerFailure::quarantine:
    report.scan = ScanVerdict::error;
    return hold(input, std::move(held), report, "smime_scanner_failure=quarantine", reason);
  case ScannerFailure::tempfail: break;
  }
  return refuse("smime_scanner_failure=tempfail", Action::tempfail, MAIL_ERROR_UNAVAILABLE,
                reason + ", try again later", {});
}

std::optional<SaveRefusal> ClientSave::decide_on(istream *input, Held held, bool released,
                                                 std::string &flag) {
  if (rules_ == nullptr)
    return refuse(rules_error_, Action::tempfail, MAIL_ERROR_UNAVAILABLE,
                  "S/MIME policy is not configured correctly", {});
  mail_user *user = box_->storage->user;
  uoff_t size;
  std::string error;
  std::optional<Report> report;
  if (i_stream_get_size(input, TRUE, &size) <= 0) {
    error = "reading the message failed";
  } else {
    ScannerAddress address{
        scanner_socket_path(user_.settings->scanner_socket, user->set->base_dir),
        user_.settings->scanner_timeout_seconds};
    report = request_report(address, input, size, error);
  }
  if (!report) {
    EventFields fields;
    fields.mailbox = box_->vname;
    send_event(box_->event, event_scanner_failed, EventLevel::error, fields,
               "no report on the message: " + error);
    Report empty;
    empty.classes.add(MessageClass::malformed);
    empty.errors.push_back({"no-report", "", error, {}});
    return without_verdict(input, std::move(held), empty, "The scanner gave no report");
  }
  std::string who = user->auth_user == nullptr ? user->username : user->auth_user;
  Question question{box_->vname, separator_of(box_), who, user->username, origin_, *report,
                    released};
  Decision decision = decide(*rules_, question);
  if (lacks_verdict(decision, *report) && !released)
    return without_verdict(input, std::move(held), *report,
                           "The virus scanner gave no verdict on the message");
  std::string rule = decision.rule == nullptr
                         ? std::string()
                         : decision.rule->setting + ": " + decision.rule->text;
  std::string reason = reason_of(decision, *report);
  switch (decision.action) {
  case Action::deliver:
    flag = decision.rule == nullptr ? "" : decision.rule->flag;
    return std::nullopt;
  case Action::quarantine: return hold(input, std::move(held), *report, rule, reason);
  case Action::reject:
    return refuse(rule, decision.action, MAIL_ERROR_NOTPOSSIBLE, reason,
                  join_class_names(report->classes));
  case Action::tempfail: break;
  }
  return refuse(rule, decision.action, MAIL_ERROR_UNAVAILABLE, reason,
                join_class_names(report->classes));
}

} // namespace smime
