// doveadm smime quarantine list and show, and what the other commands share.
#include "doveadm-quarantine.h"

#include "report.h"

namespace smime {

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

QuarantineFilter filter_of(const QuarantineCommand *command) {
  QuarantineFilter filter;
  if (command->class_name != nullptr)
    filter.classes = classes_from_name(command->class_name);
  if (command->class_name != nullptr && !filter.classes)
    i_fatal_status(EX_USAGE, "%s: \"%s\" is no class, any-signed or any-encrypted",
                   command->ctx.cmd->name, command->class_name);
  if (command->from != nullptr)
    filter.from = command->from;
  if (command->rule != nullptr)
    filter.rule = command->rule;
  if (command->since != nullptr) {
    time_t since;
    bool utc;
    if (mail_parse_human_timestamp(command->since, &since, &utc) < 0)
      i_fatal_status(EX_USAGE, "%s: \"%s\" is no date (2026-01-31, 7days, "
                               "see doveadm-search-query(7))",
                     command->ctx.cmd->name, command->since);
    filter.since = since;
  }
  if (command->before != 0)
    filter.before = command->before;
  return filter;
}

bool parse_filter(doveadm_mail_cmd_context *context, int c) {
  QuarantineCommand *command = quarantine_command(context);
  return keep_option(context, c,
                     {{'c', &command->class_name},
                      {'r', &command->from},
                      {'n', &command->rule},
                      {'s', &command->since}});
}

void require_ids(const doveadm_mail_cmd_context *context, const char *const args[]) {
  for (const char *const *id = args; *id != nullptr; id++) {
    if (!is_quarantine_id(*id))
      i_fatal_status(EX_USAGE, "%s: \"%s\" is no quarantine id (32 hexadecimal digits, "
                               "see doveadm smime quarantine list)",
                     context->cmd->name, *id);
  }
}

FindResult visit_selected(doveadm_mail_cmd_context *context, mail_user *user,
                          const std::function<Visit(mail *, const ParsedBlock &)> &visit,
                          std::vector<std::string> &missing, std::string &error) {
  const Settings &settings = *user_context(user)->settings;
  QuarantineFilter filter = filter_of(quarantine_command(context));
  auto visit_matching = [&](mail *quarantined, const ParsedBlock &block) {
    auto report = report_of(block.record);
    return filter.matches(block.record, report ? &*report : nullptr) ? visit(quarantined, block)
                                                                     : Visit::next;
  };
  if (arguments_of(context)[0] == nullptr)
    return visit_quarantine(user, settings, "", visit_matching, error);
  FindResult result = FindResult::done;
  for (const char *const *id = arguments_of(context); *id != nullptr; id++) {
    bool found = false;
    auto visit_one = [&](mail *quarantined, const ParsedBlock &block) {
      found = true;
      return visit_matching(quarantined, block) == Visit::expunge ? Visit::expunge_and_stop
                                                                  : Visit::stop;
    };
    if (visit_quarantine(user, settings, *id, visit_one, error) == FindResult::failed)
      result = FindResult::failed;
    else if (!found)
      missing.emplace_back(*id);
  }
  return result;
}

doveadm_mail_cmd_context *alloc_quarantine_command(const char *print_type) {
  auto *command = doveadm_mail_cmd_alloc(QuarantineCommand);
  doveadm_print_init(print_type);
  set_options(&command->ctx, filter_options, [](doveadm_mail_cmd_context *context, int c) noexcept {
    return parse_filter(context, c);
  });
  return &command->ctx;
}

namespace {

// --- list

void list_init(doveadm_mail_cmd_context *context, const char *const args[]) {
  (void)filter_of(quarantine_command(context));
  if (args[0] != nullptr)
    doveadm_mail_help_name("smime quarantine list");
  for (const char *name : {"id", "time", "mailbox", "from", "to", "class"})
    doveadm_print_header_simple(name);
  doveadm_print_header("reason", "reason", DOVEADM_PRINT_HEADER_FLAG_EXPAND);
}

int list_run(doveadm_mail_cmd_context *context, mail_user *user) {
  if (require_user_context(context, user) == nullptr)
    return -1;
  std::vector<std::string> missing;
  std::string error;
  auto result = visit_selected(
      context, user,
      [&](mail *, const ParsedBlock &block) {
        const QuarantineRecord &record = block.record;
        print(record.id);
        print(record.time);
        print(record.mailbox);
        print(record.from);
        print(record.to);
        print(class_names_of(report_of(record)));
        print(record.reason);
        return Visit::next;
      },
      missing, error);
  return result == FindResult::failed ? fail(context, user, error) : 0;
}

// --- show

void show_init(doveadm_mail_cmd_context *context, const char *const args[]) {
  require_ids(context, args);
  if (args[0] == nullptr && filter_of(quarantine_command(context)).empty())
    doveadm_mail_help_name("smime quarantine show");
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
  if (require_user_context(context, user) == nullptr)
    return -1;
  std::vector<std::string> missing;
  std::string error;
  auto result = visit_selected(
      context, user,
      [&](mail *, const ParsedBlock &block) {
        print_record(block.record);
        return Visit::next;
      },
      missing, error);
  if (result == FindResult::failed)
    return fail(context, user, error);
  for (const std::string &id : missing) {
    e_error(user->event, "smime: %s is not in the quarantine", id.c_str());
    doveadm_mail_failed_error(context, MAIL_ERROR_NOTFOUND);
  }
  return missing.empty() ? 0 : -1;
}

doveadm_mail_cmd_context *alloc_list() {
  auto *context = alloc_quarantine_command(DOVEADM_PRINT_TYPE_TABLE);
  set_init(context, list_init);
  context->v.run = run_guarded<list_run>;
  return context;
}

doveadm_mail_cmd_context *alloc_show() {
  auto *context = alloc_quarantine_command(DOVEADM_PRINT_TYPE_PAGER);
  set_init(context, show_init);
  context->v.run = run_guarded<show_run>;
  return context;
}

const auto list_parameters = filter_parameters();
const auto show_parameters = filter_parameters(positional("id", CMD_PARAM_ARRAY));

#define FILTERS "[--class <class>] [--from <pattern>] [--rule <text>] [--since <date>]"

} // namespace

doveadm_cmd_ver2 command_quarantine_list = {
    nullptr,       alloc_list,    "smime quarantine list", "-u <user>|-A [-S <socket_path>] " FILTERS,
    CMD_FLAG_NONE, list_parameters.data()};
doveadm_cmd_ver2 command_quarantine_show = {nullptr,
                                            alloc_show,
                                            "smime quarantine show",
                                            "-u <user>|-A [-S <socket_path>] " FILTERS
                                            " [<id> ...]",
                                            CMD_FLAG_NONE,
                                            show_parameters.data()};

} // namespace smime
