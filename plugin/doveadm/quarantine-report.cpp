// doveadm smime quarantine report: the reviewers' digest mail.
#include "plugin/doveadm/quarantine.h"

#include "plugin/quarantine/request-store.h"

namespace smime {
namespace {

void init(doveadm_mail_cmd_context *context, const char *const args[]) {
  QuarantineCommand *command = quarantine_command(context);
  if (args[0] != nullptr)
    doveadm_mail_help_name("smime quarantine report");
  if (command->since == nullptr)
    command->since = "1days";
  check_filters(command);
  command->digest = new std::vector<UserDigest>;
  std::string error;
  command->submission = Submission::create(error).release();
  if (command->submission == nullptr)
    die(EX_CONFIG, std::string(context->cmd->name) + ": " + error);
  doveadm_print_header("report", "report", DOVEADM_PRINT_HEADER_FLAG_HIDE_TITLE);
}

void deliver_digest(QuarantineCommand *command) {
  std::string since = format_time(filter_of(command).since.value_or(0));
  std::string to = command->to == nullptr ? "" : command->to;
  std::string error;
  if (command->to == nullptr) {
    print_lines(digest_for_terminal(*command->digest, since));
    return;
  }
  std::string message = format_digest(command->submission->head_to(to), *command->digest, since);
  if (command->submission->send(to, message, error))
    print("sent to " + to);
  else {
    log_error("the report is not sent: " + error);
    doveadm_mail_failed_error(&command->ctx, MAIL_ERROR_TEMP);
  }
}

int run(doveadm_mail_cmd_context *context, mail_user *user) {
  if (require_user_context(context, user) == nullptr)
    return -1;
  QuarantineCommand *command = quarantine_command(context);
  QuarantineFilter recent = filter_of(command);
  QuarantineFilter all = recent;
  all.since.reset();
  for (const char *name : {static_cast<const char *>(user->username), context->cctx->username})
    command->state->visited_users.insert(name);
  UserDigest digest;
  digest.user = user->username;
  if (command->held_for != nullptr && context->iterate_single_user)
    digest.user = command->held_for;
  std::string error;
  if (!command->submission->prepare(user, error))
    return fail(context, user, error);
  command->prepared = true;
  const RequestBook book = read_requests_or_warn(user);
  auto result = visit_known(
      context, user, "",
      [&](mail *quarantined, const ParsedBlock &block, Acts acts) {
        if (!acts.has(Act::list))
          return Visit::next;
        if (matches(all, quarantined, block))
          digest.count++;
        if (auto asked = request_of(quarantined, block.record, book);
            asked && matches(all, quarantined, block)) {
          std::string when = asked->when == 0 ? "" : format_time(asked->when);
          digest.requested.push_back({block.record, asked->who, when, asked->why});
          digest.requested.back().record.report.clear();
        }
        if (matches(recent, quarantined, block)) {
          digest.recent.push_back(block.record);
          digest.recent.back().report.clear();
        }
        return Visit::next;
      },
      error);
  if (result == FindResult::failed)
    return fail(context, user, error);
  if (digest.count > 0)
    command->digest->push_back(std::move(digest));
  return 0;
}

// One mail for all users.
void finish(doveadm_mail_cmd_context *context) noexcept {
  QuarantineCommand *command = quarantine_command(context);
  (void)guarded("doveadm smime quarantine report", false, [&] {
    if (command->prepared)
      deliver_digest(command);
    else if (command->state->choice != nullptr && command->state->choice->users.empty())
      log_warning("the register has nothing that is held: there is no report");
    if (command->state->choice != nullptr)
      tell_of_choice(context);
    report_strangers(context);
    return true;
  });
  free_command(context);
}

bool parse_arg(doveadm_mail_cmd_context *context, int c) noexcept {
  // --to is where the report goes, and no filter.
  return keep_option(context, c, {{'t', &quarantine_command(context)->to}}) ||
         parse_filter(context, c);
}

doveadm_mail_cmd_context *alloc() {
  // For a person the report alone; -f asks for another format before the command is made.
  bool for_people = !doveadm_print_is_initialized();
  auto *context = alloc_quarantine_command(DOVEADM_PRINT_TYPE_FORMATTED);
  if (for_people)
    doveadm_print_formatted_set_format("%{report}\n");
  set_options(context, SMIME_FILTER_OPTIONS, parse_arg);
  set_init(context, init);
  context->v.run = run_guarded<run>;
  context->v.deinit = finish;
  return context;
}

const auto parameters = filter_parameters();

} // namespace

doveadm_cmd_ver2 command_quarantine_report = {
    quarantine_command_or_register,
    alloc,
    "smime quarantine report",
    "[-u <user>|-A] [-S <socket_path>] [--class <class>] [--from <pattern>] [--domain <domain>] "
    "[--subject <text>] [--rule <text>] [--held-because <text>] [--since <date>] "
    "[--older-than <time>] [--as <name>] [--reason <text>] "
    "[--remote-ip <ip>] [--to <address>]",
    CMD_FLAG_NONE,
    parameters.data()};

} // namespace smime
