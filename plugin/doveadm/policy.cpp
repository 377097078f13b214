// doveadm smime policy: what the rules would do with a message, and why.
#include "plugin/doveadm/caller.h"
#include "plugin/doveadm/smime.h"

#include "plugin/doveadm/message-file.h"
#include "plugin/rules/fate.h"
#include "plugin/settings/awareness.h"
#include "plugin/settings/mailbox-policy.h"

#include <algorithm>
#include <utility>

namespace smime {
namespace {

struct PolicyCommand {
  doveadm_mail_cmd_context ctx;
  const char *mailbox;
  const char *from;
  const char *to;
  const char *origin;
  Caller caller;
  // Null with failure set.
  MessageFile *message;
  FileFailure *failure;
};

bool parse_arg(doveadm_mail_cmd_context *context, int c) noexcept {
  auto *command = reinterpret_cast<PolicyCommand *>(context);
  return (c != 'e' && keep_caller(context, c, command->caller)) ||
         keep_option(context, c,
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
    die(EX_USAGE, std::string("smime policy: \"") + command->origin +
                      "\" is no origin (delivery, append, copy)");
  // As the one who typed the command, and where it was typed.
  (void)guarded("doveadm smime policy", false, [&] {
    command->failure = new FileFailure;
    command->message = MessageFile::open(args[0], *command->failure).release();
    return true;
  });
  doveadm_print_header_simple("stage");
  doveadm_print_header_simple("rule");
  doveadm_print_header_simple("result");
  doveadm_print_header("detail", "detail", DOVEADM_PRINT_HEADER_FLAG_EXPAND);
}

void print_row(std::string_view stage, const std::string &rule, std::string_view result,
               const std::string &detail) {
  print(std::string(stage));
  print(rule);
  print(std::string(result));
  print(detail);
}

// What a stage has decided. otherwise: how it is called that nothing is held or refused.
void print_end(std::string_view stage, const Fate &fate, std::string_view otherwise) {
  std::string_view result = fate.action == Action::deliver ? otherwise : name_of(fate.action);
  if (fate.rule != nullptr)
    print_row(stage, fate.rule->setting, name_of(fate.action),
              fate.rule->text + ": " + fate.reason);
  else if (fate.cause == FateCause::no_verdict)
    print_row(stage, "smime_scanner_failure", result, "no rule matches, and scan is error");
  else
    print_row(stage, "none", result, "no rule matches");
}

// Every rule of the stage up to the one that decides.
void print_passed(const std::vector<Rule> &rules, const Question &question, const Fate &fate) {
  for (const Rule &rule : rules) {
    if (&rule == fate.rule)
      break;
    if (rule.when == question.when)
      print_row(name_of(question.when), rule.setting, "no match",
                why_not(rule, question) + " (" + rule.text + ")");
  }
}

// False: what is held or refused at arrival is saved nowhere.
bool print_arrival(const Settings &settings, Question question) {
  question.when = When::arrival;
  Fate fate = fate_of(settings.rules, question, settings.scanner_failure);
  print_passed(settings.rules, question, fate);
  print_end(name_of(When::arrival), fate, "go on");
  return fate.action == Action::deliver;
}

void print_save(const std::vector<Rule> &rules, const Question &question,
                ScannerFailure scanner_failure) {
  Fate fate = fate_of(rules, question, scanner_failure);
  print_passed(rules, question, fate);
  print_end(name_of(When::save), fate, name_of(Action::deliver));
}

// The rules are asked at arrival if one of them is for that, and INBOX or the mailbox is
// S/MIME-aware.
bool is_asked_at_arrival(mail_namespace *ns, const Settings &settings, const Question &question) {
  bool has_rules = std::any_of(settings.rules.begin(), settings.rules.end(),
                               [](const Rule &rule) { return rule.when == When::arrival; });
  return has_rules && question.origin == Origin::delivery &&
         (is_aware(mail_namespace_find_inbox(ns->user->namespaces), "INBOX", settings) ||
          is_aware(ns, std::string(question.mailbox), settings));
}

// Null with the error logged. A mailbox that does not exist has no policy.
std::shared_ptr<const std::vector<Rule>>
rules_for_name(mail_user *user, const std::string &name,
               const std::shared_ptr<const Settings> &settings) {
  mail_namespace *ns = mail_namespace_find(user->namespaces, name.c_str());
  MailboxPtr box(mailbox_alloc(ns->list, name.c_str(), MAILBOX_FLAG_IGNORE_ACLS));
  if (mailbox_open(box.get()) < 0)
    return {settings, &settings->rules};
  std::string error;
  auto rules = rules_of(box.get(), settings, error);
  if (rules == nullptr)
    log_error(user->event, error);
  return rules;
}

// False with the error logged: the caller may not ask about the rules.
bool may_ask(doveadm_mail_cmd_context *context, const PolicyCommand &command,
             const Settings &settings) {
  std::string wrong = wrong_caller(command.caller);
  if (std::string text = void_roles_text(command.caller, settings); !text.empty()) {
    context->exit_code = EX_CONFIG;
    log_error("smime policy: " + text);
    return false;
  }
  bool allowed = wrong.empty() && acts_on_any(command.caller, settings).has(Act::policy);
  if (allowed)
    return true;
  context->exit_code = wrong.empty() ? EX_NOPERM : EX_USAGE;
  log_error(
      "smime policy: " +
      (wrong.empty() ? std::string(command.caller.name) + " may not ask about the rules" : wrong));
  return false;
}

int run(doveadm_mail_cmd_context *context, mail_user *user) {
  auto *command = reinterpret_cast<PolicyCommand *>(context);
  UserContext *found = require_user_context(context, user);
  if (found == nullptr)
    return -1;
  const Settings &settings = *found->settings;
  if (!may_ask(context, *command, settings))
    return -1;
  if (!settings.errors.empty()) {
    for (const std::string &error : settings.errors)
      print_row("", "settings", "tempfail", error);
    context->exit_code = EX_CONFIG;
    return 0;
  }
  std::string mailbox = command->mailbox == nullptr ? "INBOX" : command->mailbox;
  mail_namespace *ns = mail_namespace_find(user->namespaces, mailbox.c_str());
  ScannerAddress address{scanner_socket_path(settings.scanner_socket, user->set->base_dir),
                         settings.scanner_timeout_seconds};
  if (command->failure == nullptr)
    return -1;
  FileFailure &failure = *command->failure;
  auto report =
      command->message == nullptr ? std::nullopt : command->message->report(address, failure);
  if (!report) {
    log_error(user->event, failure.text);
    context->exit_code = failure.exit_code;
    return -1;
  }
  Question question{mailbox,
                    mail_namespace_get_sep(ns),
                    command->from == nullptr ? "" : command->from,
                    command->to == nullptr ? user->username : command->to,
                    command->origin == nullptr ? Origin::delivery
                                               : origin_from_name(command->origin).value(),
                    *report};
  if (is_asked_at_arrival(ns, settings, question) && !print_arrival(settings, question))
    return 0;
  if (!is_aware(ns, mailbox, settings)) {
    print_row(name_of(When::save), "smime_stores", "deliver",
              mailbox + " is not S/MIME-aware (" + settings.stores_text + ")");
    return 0;
  }
  auto rules = rules_for_name(user, mailbox, found->settings);
  if (rules == nullptr) {
    context->exit_code = EX_CONFIG;
    return -1;
  }
  print_save(*rules, question, settings.scanner_failure);
  return 0;
}

void policy_deinit(doveadm_mail_cmd_context *context) noexcept {
  auto *command = reinterpret_cast<PolicyCommand *>(context);
  delete std::exchange(command->message, nullptr);
  delete std::exchange(command->failure, nullptr);
}

int run_guarded(doveadm_mail_cmd_context *context, mail_user *user) noexcept {
  return guarded("doveadm smime policy", -1, [&] { return run(context, user); });
}

doveadm_mail_cmd_context *alloc() {
  auto *command = doveadm_mail_cmd_alloc(PolicyCommand);
  set_options(&command->ctx, "m:r:t:o:a:p:", parse_arg);
  set_init(&command->ctx, init);
  command->ctx.v.run = run_guarded;
  command->ctx.v.deinit = policy_deinit;
  doveadm_print_init(DOVEADM_PRINT_TYPE_TABLE);
  return &command->ctx;
}

const auto parameters =
    mail_parameters(parameter('m', "mailbox", CMD_PARAM_STR), parameter('r', "from", CMD_PARAM_STR),
                    parameter('t', "to", CMD_PARAM_STR), parameter('o', "origin", CMD_PARAM_STR),
                    parameter('a', "as", CMD_PARAM_STR), parameter('p', "remote-ip", CMD_PARAM_STR),
                    // "file" would be opened by doveadm, as a stream.
                    positional("message", CMD_PARAM_STR));

} // namespace

doveadm_cmd_ver2 command_policy = {run_for_caller,
                                   alloc,
                                   "smime policy",
                                   "-u <user> [-S <socket_path>] [-m <mailbox>] [--from <address>] "
                                   "[--to <address>] [--origin <origin>] [--as <name>] "
                                   "[--remote-ip <ip>] <message>|-",
                                   CMD_FLAG_NONE,
                                   parameters.data()};

} // namespace smime
