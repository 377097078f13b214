// doveadm smime policy: what the rules would do with a message, and why.
#include "doveadm-smime.h"

#include "mailbox-policy.h"
#include "message-file.h"

namespace smime {
namespace {

struct PolicyCommand {
  doveadm_mail_cmd_context ctx;
  const char *mailbox;
  const char *from;
  const char *to;
  const char *origin;
};

bool parse_arg(doveadm_mail_cmd_context *context, int c) noexcept {
  auto *command = reinterpret_cast<PolicyCommand *>(context);
  return keep_option(context, c,
                     {{'m', &command->mailbox},
                      {'r', &command->from},
                      {'t', &command->to},
                      {'o', &command->origin}});
}

void init(doveadm_mail_cmd_context *context, const char *const args[]) {
  auto *command = reinterpret_cast<PolicyCommand *>(context);
  if (args[0] == nullptr || args[1] != nullptr)
    doveadm_mail_help_name("smime policy");
  if (command->origin != nullptr && !origin_from_name(command->origin))
    i_fatal_status(EX_USAGE, "smime policy: \"%s\" is no origin (delivery, append, copy)",
                   command->origin);
  doveadm_print_header_simple("rule");
  doveadm_print_header_simple("result");
  doveadm_print_header("detail", "detail", DOVEADM_PRINT_HEADER_FLAG_EXPAND);
}

void print_row(const std::string &rule, std::string_view result, const std::string &detail) {
  print(rule);
  print(std::string(result));
  print(detail);
}

// Every rule up to the one that decides, then the decision.
void print_decision(const std::vector<Rule> &rules, const Question &question) {
  Decision decision = decide(rules, question);
  for (const Rule &rule : rules) {
    if (&rule == decision.rule)
      break;
    print_row(rule.setting, "no match", why_not(rule, question) + " (" + rule.text + ")");
  }
  if (decision.rule != nullptr)
    print_row(decision.rule->setting, name_of(decision.action),
              decision.rule->text + ": " + reason_of(decision, question.report));
  else if (lacks_verdict(decision, question.report))
    print_row("smime_scanner_failure", "applies", "no rule matches, and scan is error");
  else
    print_row("none", name_of(decision.action), "no rule matches");
}

// Null with the error logged. A mailbox that does not exist has no policy.
std::shared_ptr<const std::vector<Rule>> rules_for_name(mail_user *user, const std::string &name,
                                                        const std::shared_ptr<const Settings> &settings) {
  mail_namespace *ns = mail_namespace_find(user->namespaces, name.c_str());
  MailboxPtr box(mailbox_alloc(ns->list, name.c_str(), MAILBOX_FLAG_IGNORE_ACLS));
  if (mailbox_open(box.get()) < 0)
    return {settings, &settings->rules};
  std::string error;
  auto rules = rules_of(box.get(), settings, error);
  if (rules == nullptr)
    e_error(user->event, "smime: %s", error.c_str());
  return rules;
}

int run(doveadm_mail_cmd_context *context, mail_user *user) {
  auto *command = reinterpret_cast<PolicyCommand *>(context);
  UserContext *found = require_user_context(context, user);
  if (found == nullptr)
    return -1;
  const Settings &settings = *found->settings;
  if (!settings.errors.empty()) {
    for (const std::string &error : settings.errors)
      print_row("settings", "tempfail", error);
    context->exit_code = EX_CONFIG;
    return 0;
  }
  std::string mailbox = command->mailbox == nullptr ? "INBOX" : command->mailbox;
  char separator = mail_namespace_get_sep(mail_namespace_find(user->namespaces, mailbox.c_str()));
  if (!settings.stores.matches(mailbox, separator)) {
    print_row("smime_stores", "deliver", mailbox + " is not S/MIME-aware (" +
                                             settings.stores_text + ")");
    return 0;
  }
  ScannerAddress address{scanner_socket_path(settings.scanner_socket, user->set->base_dir),
                         settings.scanner_timeout_seconds};
  FileFailure failure;
  auto report = report_on_file(arguments_of(context)[0], address, failure);
  if (!report) {
    e_error(user->event, "smime: %s", failure.text.c_str());
    context->exit_code = failure.exit_code;
    return -1;
  }
  Question question{mailbox,
                    separator,
                    command->from == nullptr ? "" : command->from,
                    command->to == nullptr ? user->username : command->to,
                    command->origin == nullptr ? Origin::delivery
                                               : origin_from_name(command->origin).value(),
                    *report};
  auto rules = rules_for_name(user, mailbox, found->settings);
  if (rules == nullptr) {
    context->exit_code = EX_CONFIG;
    return -1;
  }
  print_decision(*rules, question);
  return 0;
}

int run_guarded(doveadm_mail_cmd_context *context, mail_user *user) noexcept {
  return guarded("doveadm smime policy", -1, [&] { return run(context, user); });
}

doveadm_mail_cmd_context *alloc() {
  auto *command = doveadm_mail_cmd_alloc(PolicyCommand);
  set_options(&command->ctx, "m:r:t:o:", parse_arg);
  set_init(&command->ctx, init);
  command->ctx.v.run = run_guarded;
  doveadm_print_init(DOVEADM_PRINT_TYPE_TABLE);
  return &command->ctx;
}

const auto parameters = mail_parameters(
    parameter('m', "mailbox", CMD_PARAM_STR), parameter('r', "from", CMD_PARAM_STR),
    parameter('t', "to", CMD_PARAM_STR), parameter('o', "origin", CMD_PARAM_STR),
    // "file" would be opened by doveadm, as a stream.
    positional("message", CMD_PARAM_STR));

} // namespace

doveadm_cmd_ver2 command_policy = {nullptr,
                                   alloc,
                                   "smime policy",
                                   "-u <user> [-S <socket_path>] [-m <mailbox>] [--from <address>] "
                                   "[--to <address>] [--origin <origin>] <message>|-",
                                   CMD_FLAG_NONE,
                                   parameters.data()};

} // namespace smime
