#include "plugin/quarantine/register-note.h"

#include "plugin/dovecot/ptr.h"
#include "plugin/dovecot/say.h"
#include "plugin/quarantine/original-header.h"
#include "plugin/quarantine/recipient.h"
#include "plugin/quarantine/request-store.h"
#include "plugin/register/spool.h"
#include "plugin/store/own-save.h"

#include <ctime>
#include <optional>
#include <sys/stat.h>
#include <unistd.h>

namespace smime {
namespace {

// A spool that is not there would be told of with each message.
bool may_tell_again() {
  constexpr time_t pause = 60;
  static time_t last = 0;
  if (last != 0 && ioloop_time < last + pause)
    return false;
  last = ioloop_time;
  return true;
}

// In a central quarantine a reviewer acts on the mail of others, with the uid of the user as whom
// he logged in. That he can is what the group of its directory says, which is Dovecot's.
std::optional<gid_t> group_of_quarantine(mail_user *user, const Settings &settings) {
  DataStackFrame frame;
  MailboxPtr box = alloc_mailbox(user, settings.quarantine_mailbox, MAILBOX_FLAG_IGNORE_ACLS);
  const char *path;
  struct stat status {};
  if (mailbox_get_path_to(box.get(), MAILBOX_LIST_PATH_TYPE_MAILBOX, &path) <= 0 ||
      stat(path, &status) < 0)
    return std::nullopt;
  return status.st_gid;
}

void spool_row(mail_user *user, const Settings &settings, const RegisterRow &row) {
  std::string error;
  std::optional<gid_t> group;
  if (row.user != user->username && geteuid() != 0)
    group = group_of_quarantine(user, settings);
  if (write_to_spool(settings.register_spool, to_line(row), error, group) || !may_tell_again())
    return;
  log_warning(user->event, "the register has no row of " +
                               (row.is_delivery ? "a delivery" : row.id) + ": " + error +
                               " (smime_register_spool; \"doveadm smime register drain\" makes the "
                               "directory, and \"rebuild\" brings what is missing)");
}

} // namespace

RegisterRow register_row_of(const QuarantineRecord &record, const Report *report) {
  RegisterRow row;
  row.id = record.id;
  row.time = parse_time(record.time).value_or(0);
  row.user = recipient_of(record);
  row.mailbox = record.mailbox;
  row.from = address_for_row(record.from);
  row.to = address_for_row(record.to);
  row.reason = record.reason;
  row.rule = record.rule;
  row.digest = record.sha256;
  if (report != nullptr) {
    describe(row, *report);
    return row;
  }
  std::string ignored;
  if (auto read = report_from_json(record.report, ignored))
    describe(row, *read);
  return row;
}

void note_held_change(mail_user *user, const Settings &settings, const QuarantineRecord &record,
                      const HeldChange &change) {
  if (!is_in_quarantine(change.state))
    keep_decision(user, record, change.state, change.who, change.why);
  if (settings.register_dict.empty())
    return;
  RegisterRow row = register_row_of(record, nullptr);
  row.state = change.state;
  row.changed = microseconds_now();
  row.who = change.who;
  row.why = change.why;
  if (!change.owner.empty())
    row.user = change.owner;
  spool_row(user, settings, row);
}

void note_held_word(mail_user *user, const Settings &settings, const QuarantineRecord &record,
                    const HeldWord &word) {
  if (settings.register_dict.empty())
    return;
  RegisterRow row = register_row_of(record, nullptr);
  row.state = word.state;
  row.event = word.event;
  row.changed = word.changed;
  row.who = word.who;
  row.why = word.why;
  if (!word.owner.empty())
    row.user = word.owner;
  spool_row(user, settings, row);
}

void note_newly_held(mail_user *user, const Settings &settings, const QuarantineRecord &record,
                     const Report &report, istream *original) {
  if (settings.register_dict.empty())
    return;
  RegisterRow row = register_row_of(record, &report);
  row.changed = microseconds_now();
  if (settings.register_subject)
    row.subject = read_header(original).subject;
  spool_row(user, settings, row);
}

bool notes_deliveries(const Settings &settings) {
  return !settings.register_dict.empty() && settings.register_deliveries;
}

void note_delivery(mail_user *user, const Settings &settings, const Report &report,
                   const DeliveryDecision &decision) {
  RegisterRow row;
  describe(row, report);
  row.is_delivery = true;
  DataStackFrame frame;
  guid_128_t id;
  guid_128_generate(id);
  row.id = guid_128_to_string(id);
  row.changed = microseconds_now();
  row.time = row.changed / 1000000;
  row.user = user->username;
  row.mailbox = decision.mailbox;
  row.from = address_for_row(decision.from);
  row.to = address_for_row(decision.to);
  row.rule = decision.rule;
  row.action = decision.action;
  spool_row(user, settings, row);
}

} // namespace smime
