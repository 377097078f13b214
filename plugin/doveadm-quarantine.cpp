#include "doveadm-smime.h"

#include "events.h"
#include "quarantine-filter.h"
#include "quarantine.h"
#include "release.h"
#include "report.h"

namespace smime {
namespace {

struct QuarantineCommand {
  doveadm_mail_cmd_context ctx;
  // release --mailbox
  const char *mailbox;
  // list --class, --from, --rule, --since
  const char *class_name;
  const char *from;
  const char *rule;
  const char *since;
};

std::optional<Report> report_of(const QuarantineRecord &record) {
  std::string ignored;
  return report_from_json(record.report, ignored);
}

std::string class_names_of(const std::optional<Report> &report) {
  return report ? join_class_names(report->classes) : "?";
}

int fail(doveadm_mail_cmd_context *context, mail_user *user, const std::string &text) {
  e_error(user->event, "smime: %s", text.c_str());
  doveadm_mail_failed_error(context, MAIL_ERROR_TEMP);
  return -1;
}

// --- list

QuarantineFilter filter_of(const QuarantineCommand *command) {
  QuarantineFilter filter;
  if (command->class_name != nullptr)
    filter.classes = classes_from_name(command->class_name);
  if (command->class_name != nullptr && !filter.classes)
    i_fatal_status(EX_USAGE, "smime quarantine list: \"%s\" is no class, any-signed or "
                             "any-encrypted",
                   command->class_name);
  if (command->from != nullptr)
    filter.from = command->from;
  if (command->rule != nullptr)
    filter.rule = command->rule;
  if (command->since != nullptr) {
    time_t since;
    bool utc;
    if (mail_parse_human_timestamp(command->since, &since, &utc) < 0)
      i_fatal_status(EX_USAGE, "smime quarantine list: \"%s\" is no date (2026-01-31, 7days, "
                               "see doveadm-search-query(7))",
                     command->since);
    filter.since = since;
  }
  return filter;
}

void list_init(doveadm_mail_cmd_context *context, const char *const args[]) {
  (void)filter_of(reinterpret_cast<QuarantineCommand *>(context));
  if (args[0] != nullptr)
    doveadm_mail_help_name("smime quarantine list");
  doveadm_print_header_simple("id");
  doveadm_print_header_simple("time");
  doveadm_print_header_simple("mailbox");
  doveadm_print_header_simple("from");
  doveadm_print_header_simple("to");
  doveadm_print_header_simple("class");
  doveadm_print_header("reason", "reason", DOVEADM_PRINT_HEADER_FLAG_EXPAND);
}

int list_run(doveadm_mail_cmd_context *context, mail_user *user) {
  UserContext *found = require_user_context(context, user);
  if (found == nullptr)
    return -1;
  QuarantineFilter filter = filter_of(reinterpret_cast<QuarantineCommand *>(context));
  std::string error;
  auto result = visit_quarantine(
      user, *found->settings, "",
      [&](mail *, const ParsedBlock &block) {
        const QuarantineRecord &record = block.record;
        auto report = report_of(record);
        if (!filter.matches(record, report ? &*report : nullptr))
          return Visit::next;
        print(record.id);
        print(record.time);
        print(record.mailbox);
        print(record.from);
        print(record.to);
        print(class_names_of(report));
        print(record.reason);
        return Visit::next;
      },
      error);
  return result == FindResult::failed ? fail(context, user, error) : 0;
}

// --- show

const char *const *require_ids(const char *const args[], const char *command) {
  if (args[0] == nullptr)
    doveadm_mail_help_name(command);
  for (const char *const *id = args; *id != nullptr; id++) {
    if (!is_quarantine_id(*id))
      i_fatal_status(EX_USAGE, "%s: \"%s\" is no quarantine id (32 hexadecimal digits, "
                               "see doveadm smime quarantine list)",
                     command, *id);
  }
  return args;
}

void show_init(doveadm_mail_cmd_context *, const char *const args[]) {
  (void)require_ids(args, "smime quarantine show");
  for (const char *name : {"id", "time", "mailbox", "from", "to", "rule", "reason", "class",
                           "uninspectable", "encrypted-to", "strength", "sha256", "report"})
    doveadm_print_header_simple(name);
}

std::string describe_uninspectable(const Report &report) {
  std::string text;
  for (const Uninspectable &part : report.uninspectable) {
    text += text.empty() ? "" : "; ";
    text += part.path.empty() ? "the message" : "part " + part.path;
    text += " (" + part.type + (part.name.empty() ? "" : ", " + part.name) + "): " + part.reason;
  }
  return text;
}

void print_record(const QuarantineRecord &record) {
  print(record.id);
  print(record.time);
  print(record.mailbox);
  print(record.from);
  print(record.to);
  print(record.rule);
  print(record.reason);
  auto report = report_of(record);
  print(class_names_of(report));
  print(report ? describe_uninspectable(*report) : "");
  print(report ? describe_recipients(*report) : "");
  print(report ? std::string(name_of(report->strength)) : "");
  print(record.sha256);
  print(record.report);
}

int show_run(doveadm_mail_cmd_context *context, mail_user *user) {
  UserContext *found = require_user_context(context, user);
  if (found == nullptr)
    return -1;
  std::string error;
  bool shown = false;
  auto result = visit_quarantine(
      user, *found->settings, context->args[0],
      [&](mail *, const ParsedBlock &block) {
        print_record(block.record);
        shown = true;
        return Visit::stop;
      },
      error);
  if (result == FindResult::failed)
    return fail(context, user, error);
  if (!shown) {
    e_error(user->event, "smime: %s is not in the quarantine", context->args[0]);
    doveadm_mail_failed_error(context, MAIL_ERROR_NOTFOUND);
    return -1;
  }
  return 0;
}

// --- release, delete

void act_init(doveadm_mail_cmd_context *context, const char *const args[]) {
  (void)require_ids(args, context->cmd->name);
  doveadm_print_header_simple("id");
  doveadm_print_header_simple("result");
  doveadm_print_header_simple("mailbox");
}

void send_released_event(mail_user *user, const QuarantineRecord &record,
                         const std::string &mailbox, const char *action) {
  EventFields fields;
  fields.mailbox = mailbox;
  fields.classes = class_names_of(report_of(record));
  fields.action = action;
  fields.id = record.id;
  fields.sha256 = record.sha256;
  send_event(user->event, event_message_released, EventLevel::info, fields,
             "quarantine id " + record.id + ": " + action +
                 (mailbox.empty() ? "" : " to mailbox " + mailbox));
}

// Prints one line for each id. An id that is not there is no failure of the
// others, but of the command.
template <typename Act>
int act_on_ids(doveadm_mail_cmd_context *context, mail_user *user, const char *done, Act act) {
  UserContext *found = require_user_context(context, user);
  if (found == nullptr)
    return -1;
  int ret = 0;
  for (const char *const *id = context->args; *id != nullptr; id++) {
    QuarantineRecord record;
    std::string mailbox;
    std::string error;
    std::string outcome = done;
    switch (act(*found->settings, std::string(*id), record, mailbox, error)) {
    case ReleaseResult::released:
      send_released_event(user, record, mailbox, done);
      break;
    case ReleaseResult::was_released:
      outcome = "was already released; taken out of the quarantine";
      send_released_event(user, record, mailbox, done);
      break;
    case ReleaseResult::not_found:
      outcome = "not in the quarantine (released or deleted before?)";
      doveadm_mail_failed_error(context, MAIL_ERROR_NOTFOUND);
      ret = -1;
      break;
    case ReleaseResult::failed:
      outcome = "failed: " + error;
      ret = fail(context, user, std::string(*id) + ": " + error);
      break;
    }
    print(*id);
    print(outcome);
    print(mailbox);
  }
  return ret;
}

int release_run(doveadm_mail_cmd_context *context, mail_user *user) {
  const char *option = reinterpret_cast<QuarantineCommand *>(context)->mailbox;
  return act_on_ids(context, user, "released",
                    [&](const Settings &settings, const std::string &id,
                        QuarantineRecord &record, std::string &mailbox, std::string &error) {
                      mailbox = option == nullptr ? "" : option;
                      auto result =
                          release_from_quarantine(user, settings, id, mailbox, record, error);
                      if (mailbox.empty())
                        mailbox = record.mailbox;
                      return result;
                    });
}

int delete_run(doveadm_mail_cmd_context *context, mail_user *user) {
  return act_on_ids(context, user, "deleted",
                    [&](const Settings &settings, const std::string &id,
                        QuarantineRecord &record, std::string &, std::string &error) {
                      return take_out(user, settings, id, record, error,
                                      [](mail *, const ParsedBlock &) {
                                        return ReleaseResult::released;
                                      });
                    });
}

// --- the C side

template <int (*run)(doveadm_mail_cmd_context *, mail_user *)>
int run_guarded(doveadm_mail_cmd_context *context, mail_user *user) noexcept {
  return guarded("doveadm smime quarantine", -1, [&] { return run(context, user); });
}

extern "C" bool list_parse_arg(doveadm_mail_cmd_context *context, int c) noexcept {
  auto *command = reinterpret_cast<QuarantineCommand *>(context);
  return keep_option(context, c,
                     {{'c', &command->class_name},
                      {'r', &command->from},
                      {'n', &command->rule},
                      {'s', &command->since}});
}

extern "C" bool release_parse_arg(doveadm_mail_cmd_context *context, int c) noexcept {
  return keep_option(context, c,
                     {{'m', &reinterpret_cast<QuarantineCommand *>(context)->mailbox}});
}

doveadm_mail_cmd_context *alloc_command(const char *print_type) {
  auto *command = doveadm_mail_cmd_alloc(QuarantineCommand);
  doveadm_print_init(print_type);
  return &command->ctx;
}

doveadm_mail_cmd_context *alloc_list() {
  auto *context = alloc_command(DOVEADM_PRINT_TYPE_TABLE);
  context->getopt_args = "c:r:n:s:";
  context->v.parse_arg = list_parse_arg;
  context->v.init = list_init;
  context->v.run = run_guarded<list_run>;
  return context;
}

doveadm_mail_cmd_context *alloc_show() {
  auto *context = alloc_command(DOVEADM_PRINT_TYPE_PAGER);
  context->v.init = show_init;
  context->v.run = run_guarded<show_run>;
  return context;
}

doveadm_mail_cmd_context *alloc_release() {
  auto *context = alloc_command(DOVEADM_PRINT_TYPE_TABLE);
  context->getopt_args = "m:";
  context->v.parse_arg = release_parse_arg;
  context->v.init = act_init;
  context->v.run = run_guarded<release_run>;
  return context;
}

doveadm_mail_cmd_context *alloc_delete() {
  auto *context = alloc_command(DOVEADM_PRINT_TYPE_TABLE);
  context->v.init = act_init;
  context->v.run = run_guarded<delete_run>;
  return context;
}

const auto list_parameters = mail_parameters(
    parameter('c', "class", CMD_PARAM_STR), parameter('r', "from", CMD_PARAM_STR),
    parameter('n', "rule", CMD_PARAM_STR), parameter('s', "since", CMD_PARAM_STR));
const auto id_parameters = mail_parameters(positional("id", CMD_PARAM_STR));
const auto ids_parameters = mail_parameters(positional("id", CMD_PARAM_ARRAY));
const auto release_parameters = mail_parameters(parameter('m', "mailbox", CMD_PARAM_STR),
                                                positional("id", CMD_PARAM_ARRAY));

} // namespace

doveadm_cmd_ver2 command_quarantine_list = {nullptr,
                                            alloc_list,
                                            "smime quarantine list",
                                            "[-u <user>|-A] [-S <socket_path>] "
                                            "[--class <class>] [--from <pattern>] "
                                            "[--rule <text>] [--since <date>]",
                                            CMD_FLAG_NONE,
                                            list_parameters.data()};
doveadm_cmd_ver2 command_quarantine_show = {nullptr,
                                            alloc_show,
                                            "smime quarantine show",
                                            "-u <user> [-S <socket_path>] <id>",
                                            CMD_FLAG_NONE,
                                            id_parameters.data()};
doveadm_cmd_ver2 command_quarantine_release = {
    nullptr,
    alloc_release,
    "smime quarantine release",
    "-u <user> [-S <socket_path>] [--mailbox <mailbox>] <id> [<id> ...]",
    CMD_FLAG_NONE,
    release_parameters.data()};
doveadm_cmd_ver2 command_quarantine_delete = {nullptr,
                                              alloc_delete,
                                              "smime quarantine delete",
                                              "-u <user> [-S <socket_path>] <id> [<id> ...]",
                                              CMD_FLAG_NONE,
                                              ids_parameters.data()};

} // namespace smime
