#include "plugin/hooks/client-save.h"

#include "plugin/dovecot/events.h"
#include "plugin/dovecot/separator.h"
#include "plugin/quarantine/register-note.h"
#include "plugin/scan/scanner-client.h"
#include "plugin/settings/mailbox-policy.h"
#include "plugin/store/keywords.h"

namespace smime {
namespace {

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
  EventFields fields(box_);
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

SaveRefusal ClientSave::refuse_by(const Fate &fate, const std::string &classes) {
  if (fate.cause != FateCause::rules)
    return refuse(fate.decided_by, fate.action, MAIL_ERROR_UNAVAILABLE,
                  fate.reason + ", try again later", {});
  auto code = fate.action == Action::reject ? MAIL_ERROR_NOTPOSSIBLE : MAIL_ERROR_UNAVAILABLE;
  return refuse(fate.decided_by, fate.action, code, fate.reason, classes);
}

SaveRefusal ClientSave::hold(istream *input, Held held, const Report &report, const Fate &fate) {
  mail_user *user = box_->storage->user;
  QuarantineRecord record;
  record.mailbox = box_->vname;
  // There is no envelope: who put it there, and whose mailbox it is.
  record.from = user->auth_user == nullptr ? user->username : user->auth_user;
  record.to = user->username;
  record.rule = fate.decided_by;
  record.reason = fate.reason;
  record.report = to_json(report);

  EventFields fields(box_);
  fields.mailbox = box_->vname;
  fields.classes = join_class_names(report.classes);
  fields.status = name_of(report.signature);
  fields.rule = fate.decided_by;
  fields.action = name_of(Action::quarantine);
  add_actor(fields, user);
  std::string error;
  held.classes = fields.classes;
  held.verdict = name_of(report.scan);
  held.for_good = true;
  auto result = write_to_quarantine(user, *user_.settings, input, held, record, error);
  if (result == WriteResult::failed || result == WriteResult::unstorable)
    return refuse(fate.decided_by, Action::tempfail, MAIL_ERROR_UNAVAILABLE,
                  "Quarantine is not available, try again later", fields.classes + ": " + error);
  // Also of one that is found: the try that wrote it may have ended before it could tell.
  note_newly_held(user, *user_.settings, record, report, input);
  fields.id = record.id;
  fields.sha256 = record.sha256;
  send_event(box_->event, event_message_quarantined, EventLevel::info, fields,
             std::string(verb(origin_)) + " to mailbox " + box_->vname + " quarantined as " +
                 record.id + " (" + fate.decided_by + "): " + fate.reason);
  return {MAIL_ERROR_NOTPOSSIBLE, fate.reason + "; quarantine id " + record.id};
}

std::optional<SaveRefusal> ClientSave::decide_on(istream *input, Held held, bool released,
                                                 std::string &flag) {
  if (rules_ == nullptr)
    return refuse(rules_error_, Action::tempfail, MAIL_ERROR_UNAVAILABLE,
                  "S/MIME policy is not configured correctly", {});
  mail_user *user = box_->storage->user;
  std::string who = user->auth_user == nullptr ? user->username : user->auth_user;
  uoff_t size;
  std::string error;
  std::optional<Report> report;
  bool fails_on_message = false;
  if (i_stream_get_size(input, TRUE, &size) <= 0) {
    error = "reading the message failed";
  } else {
    ScannerAddress address{scanner_socket_path(user_.settings->scanner_socket, user->set->base_dir),
                           user_.settings->scanner_timeout_seconds,
                           {},
                           who};
    ReportRequest request(address, input, size);
    report = request.wait(error);
    fails_on_message = request.fails_on_message();
  }
  Fate fate;
  if (report) {
    fate = fate_of(
        *rules_, {box_->vname, separator_of(box_), who, user->username, origin_, *report, released},
        user_.settings->scanner_failure);
  } else {
    EventFields fields(box_);
    fields.mailbox = box_->vname;
    send_event(box_->event, event_scanner_failed, EventLevel::error, fields,
               "no report on the message: " + error);
    fate = fate_without_report(user_.settings->scanner_failure, fails_on_message);
    report = report_without_scanner(error);
  }
  flag = fate.flag;
  switch (fate.action) {
  case Action::deliver: return std::nullopt;
  case Action::quarantine: return hold(input, std::move(held), *report, fate);
  case Action::reject:
  case Action::tempfail: break;
  }
  return refuse_by(fate, join_class_names(report->classes));
}

} // namespace smime
