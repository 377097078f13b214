#include "plugin/doveadm/confirm.h"

#include <cstdio>
#include <unistd.h>

namespace smime {
namespace {

bool has_beginning_of_id(doveadm_mail_cmd_context *context) {
  for (const char *const *id = arguments_of(context); *id != nullptr; id++) {
    if (!is_quarantine_id(*id))
      return true;
  }
  return false;
}

// Scripts, cron jobs and the HTTP API have nobody to ask: they mean what they say.
bool is_to_be_asked(doveadm_mail_cmd_context *context) {
  const QuarantineCommand *command = quarantine_command(context);
  bool named = arguments_of(context)[0] != nullptr &&
               (context->iterate_single_user || command->state->choice != nullptr);
  return !command->yes && !command->dry_run && !named &&
         context->cctx->conn_type == DOVEADM_CONNECTION_TYPE_CLI && isatty(STDIN_FILENO) == 1 &&
         isatty(STDERR_FILENO) == 1;
}

std::string count_text(std::size_t count, const char *what) {
  return std::to_string(count) + " " + what + (count == 1 ? "" : "s");
}

bool ask(doveadm_mail_cmd_context *context) {
  const CommandState &state = *quarantine_command(context)->state;
  std::string name(context->cmd->name);
  std::string question =
      name.substr(name.rfind(' ') + 1) + ": " + count_text(state.count, "message");
  if (!context->iterate_single_user)
    question += " of " + count_text(state.users_with_any, "user");
  (void)fprintf(stderr, "%s. Go on? [y/N] ", terminal_text(question).c_str());
  char answer[16] = "";
  bool yes = fgets(answer, sizeof(answer), stdin) != nullptr &&
             (strcasecmp(answer, "y\n") == 0 || strcasecmp(answer, "yes\n") == 0);
  if (yes)
    return true;
  log_warning("nothing was done");
  doveadm_mail_failed_error(context, MAIL_ERROR_NOTPOSSIBLE);
  return false;
}

// Whether the second pass, which acts, is to be made.
bool may_go_on(doveadm_mail_cmd_context *context) {
  const CommandState &state = *quarantine_command(context)->state;
  bool clear = true;
  for (const auto &[beginning, ids] : state.named) {
    if (ids.size() > 1) {
      log_error(ambiguous_text(beginning, ids));
      doveadm_mail_failed_error(context, MAIL_ERROR_NOTPOSSIBLE);
      clear = false;
    }
  }
  if (!clear || state.count == 0)
    return false;
  return !is_to_be_asked(context) || ask(context);
}

int next_again(CommandState &state, const char **name) {
  if (state.next_user == state.users.size())
    return 0;
  *name = state.users[state.next_user++].c_str();
  return 1;
}

int next_in_two_passes(doveadm_mail_cmd_context *context, const char **name) {
  CommandState &state = *quarantine_command(context)->state;
  if (!state.counting)
    return next_again(state, name);
  int ret = state.next_in_first_pass(context, name);
  if (ret > 0)
    state.users.emplace_back(*name);
  if (ret != 0)
    return ret;
  state.counting = false;
  state.visited = 0;
  return may_go_on(context) ? next_again(state, name) : 0;
}

int next_user(doveadm_mail_cmd_context *context, const char **name) noexcept {
  return guarded("counting messages", -1, [&] { return next_in_two_passes(context, name); });
}

} // namespace

void prepare_count(doveadm_mail_cmd_context *context) {
  CommandState &state = *quarantine_command(context)->state;
  // Of what the register chose, beginnings of ids are whole ids already.
  bool unclear = state.choice == nullptr && has_beginning_of_id(context);
  if (context->iterate_single_user || (!is_to_be_asked(context) && !unclear))
    return;
  state.counting = true;
  state.next_in_first_pass = context->v.get_next_user;
  context->v.get_next_user = next_user;
}

bool is_counting(const doveadm_mail_cmd_context *context) {
  return reinterpret_cast<const QuarantineCommand *>(context)->state->counting;
}

bool count_selected(doveadm_mail_cmd_context *context, mail_user *user, std::string &error) {
  CommandState &state = *quarantine_command(context)->state;
  std::size_t before = state.count;
  std::vector<std::string> missing;
  auto visit = [&](mail *, const ParsedBlock &, Acts) {
    state.count++;
    return Visit::next;
  };
  bool told = visit_selected(context, user, visit, missing, error) != FindResult::failed;
  state.users_with_any += state.count > before ? 1 : 0;
  return told;
}

bool confirm_single_user(doveadm_mail_cmd_context *context, mail_user *user) {
  if (!context->iterate_single_user || !is_to_be_asked(context))
    return true;
  std::string error;
  // What cannot be read now is told when it is acted on.
  (void)count_selected(context, user, error);
  quarantine_command(context)->state->visited = 0;
  return quarantine_command(context)->state->count == 0 || ask(context);
}

} // namespace smime
