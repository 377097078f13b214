#include "plugin/doveadm/approval.h"

#include "plugin/quarantine/original-header.h"
#include "plugin/quarantine/recipient.h"
#include "plugin/quarantine/register-note.h"
#include "plugin/quarantine/request-store.h"

#include <algorithm>

namespace smime {
namespace {

// Of those who approved, who may release the message still.
unsigned count_of(const RequestEntry &entry, const Settings &settings,
                  const QuarantineRecord &record) {
  return static_cast<unsigned>(
      std::count_if(entry.approvals.begin(), entry.approvals.end(), [&](const Said &approval) {
        return approvals_for(settings, approval.who, record) > 0;
      }));
}

// A front end may have the name as somebody typed it: in another case or form it is the same one.
bool has_approved(const RequestEntry &entry, const std::string &name) {
  return std::any_of(entry.approvals.begin(), entry.approvals.end(), [&](const Said &approval) {
    return in_one_case(approval.who) == in_one_case(name);
  });
}

std::string needed_text(unsigned more) {
  return std::to_string(more) +
         (more == 1 ? " more approval is needed" : " more approvals are needed");
}

// The audit trail and the register have each approval, which changes no state.
void tell(doveadm_mail_cmd_context *context, mail_user *user, mail *held,
          const QuarantineRecord &record, const RequestBook &book, const std::string &needed) {
  const Caller &caller = quarantine_command(context)->caller;
  EventFields fields(user);
  fields.user = recipient_of(record);
  fields.classes = class_names_of(report_of(record));
  fields.action = "approved";
  fields.id = record.id;
  fields.sha256 = record.sha256;
  add_caller(fields, caller, context, user);
  send_event(user->event, event_message_approved, EventLevel::info, fields,
             "quarantine id " + record.id + ": release approved by " + actor_text(fields) +
                 reason_text(fields) + "; " + needed);
  auto state = request_of(held, record, book) ? HeldState::requested : HeldState::held;
  std::string why = "approved a release" + (fields.reason.empty() ? "" : ": " + fields.reason);
  note_held_change(user, *user_context(user)->settings, record,
                   {state, actor_text(fields), why, fields.user});
}

} // namespace

Approval approve_release(doveadm_mail_cmd_context *context, mail_user *user, mail *held,
                         const QuarantineRecord &record, std::string &text) {
  const QuarantineCommand *command = quarantine_command(context);
  const Settings &settings = *user_context(user)->settings;
  unsigned wanted =
      command->caller.name == nullptr ? 1 : approvals_for(settings, command->caller.name, record);
  if (wanted <= 1)
    return Approval::enough;
  RequestBook after;
  bool is_new = false;
  auto change = [&](RequestBook &book) {
    RequestEntry &entry = book[record.id];
    is_new = !has_approved(entry, command->caller.name);
    std::string why = command->caller.reason == nullptr ? "" : command->caller.reason;
    if (is_new)
      entry.approvals.push_back({command->caller.name, ioloop_time, why});
    after = book;
    return is_new && !command->dry_run;
  };
  if (!change_requests(user, change, text))
    return Approval::failed;
  unsigned count = count_of(after[record.id], settings, record);
  if (count >= wanted)
    return Approval::enough;
  text = needed_text(wanted - count);
  if (is_new && !command->dry_run)
    tell(context, user, held, record, after, text);
  return Approval::waits;
}

} // namespace smime
