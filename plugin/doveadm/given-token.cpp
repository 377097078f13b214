#include "plugin/doveadm/given-token.h"

#include "plugin/doveadm/program-answer.h"
#include "plugin/quarantine/recipient.h"
#ifdef SMIME_DOVECOT_24
#include "plugin/settings/dovecot-24.h"
#endif

#include <ctime>
#include <iostream>
#include <sysexits.h>

extern "C" {
#include "master-service.h"
}

namespace smime {

std::optional<std::string> token_key_file(std::string &error) {
#ifdef SMIME_DOVECOT_24
  auto values = read_settings(master_service_get_event(master_service), error);
  if (!values)
    return std::nullopt;
  Settings settings = parse_settings(*values);
#else
  const char *value = doveadm_plugin_getenv("smime_token_key");
  Settings settings = parse_settings({{"smime_token_key", value == nullptr ? "" : value}});
#endif
  if (!settings.errors.empty())
    error = settings.errors.front();
  else if (settings.token_key.empty())
    error = "smime_token_key names no file of keys (dovecot-smime(7))";
  return error.empty() ? std::optional(settings.token_key) : std::nullopt;
}

std::string given_token(const char *argument) {
  std::string token = argument;
  if (token == "-" && !answers_program())
    std::getline(std::cin, token);
  token.erase(token.find_last_not_of(" \t\r\n") + 1);
  return token;
}

void prepare_token(doveadm_mail_cmd_context *context, const char *const args[]) {
  QuarantineCommand *command = quarantine_command(context);
  if (command->token == nullptr)
    return;
  std::string name(context->cmd->name);
  if (!context->iterate_single_user || args[0] == nullptr || args[1] != nullptr ||
      !is_quarantine_id(args[0]))
    die(EX_USAGE, name + ": a token is for one message: --token goes with -u and one whole id");
  if (command->caller.name != nullptr)
    die(EX_USAGE, name + ": --token says for whom it is done: --as does not go with it");
  std::string error;
  auto file = token_key_file(error);
  auto keys = file ? TokenKeys::read(*file, error) : std::nullopt;
  if (!keys)
    die(EX_CONFIG, name + ": " + error);
  command->state->token = check_token(*keys, given_token(command->token), std::time(nullptr));
}

TokenFault fault_of_token(doveadm_mail_cmd_context *context, const mail_user *user, TokenAct act) {
  const TokenCheck &check = quarantine_command(context)->state->token;
  if (check.fault != TokenFault::none)
    return check.fault;
  return fault_of(*check.token, {arguments_of(context)[0], user->username, act, false});
}

TokenFault fault_of_rule(const QuarantineRecord &record, TokenAct act) {
  RecipientMay least = act == TokenAct::release   ? RecipientMay::release
                       : act == TokenAct::request ? RecipientMay::request
                                                  : RecipientMay::view;
  return may_of_recipient(record) >= least ? TokenFault::none : TokenFault::not_allowed;
}

int refuse_token(doveadm_mail_cmd_context *context, mail_user *user, TokenFault fault) {
  log_error(user->event, "quarantine id " + std::string(arguments_of(context)[0]) +
                             ": a token is refused: " + std::string(name_of(fault)) + " (" +
                             std::string(text_of(fault)) + ")");
  context->exit_code = EX_DATAERR;
  return -1;
}

} // namespace smime
