// doveadm smime token check: what a token is for, and whether it is believed.
#include "plugin/doveadm/smime.h"

#include "plugin/notices/token.h"
#include "plugin/quarantine/block.h"
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
namespace {

// The file of keys, which is a setting of the server. Nullopt with error set.
std::optional<std::string> key_file(std::string &error) {
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

// A token at the command line can be seen by all local users: "-" is standard input.
std::string given_token(const char *argument) {
  std::string token = argument;
  if (token == "-")
    std::getline(std::cin, token);
  token.erase(token.find_last_not_of(" \t\r\n") + 1);
  return token;
}

void print_check(const TokenCheck &check) {
  bool ours = check.token.has_value();
  print(std::string(name_of(check.fault)));
  print(ours ? check.token->id : "");
  print(ours ? check.token->recipient : "");
  print(ours ? std::string(name_of(check.token->allows)) : "");
  print(ours ? format_time(check.token->expires) : "");
  print(ours ? std::to_string(check.key + 1) : "");
  print(std::string(text_of(check.fault)));
}

int check(const char *argument) {
  std::string error;
  auto file = key_file(error);
  auto keys = file ? TokenKeys::read(*file, error) : std::nullopt;
  if (!keys) {
    log_error("smime token check: " + error);
    return EX_CONFIG;
  }
  doveadm_print_init(DOVEADM_PRINT_TYPE_PAGER);
  for (const char *name : {"result", "id", "recipient", "allows", "expires", "key", "detail"})
    doveadm_print_header_simple(name);
  TokenCheck result = check_token(*keys, given_token(argument), std::time(nullptr));
  print_check(result);
  return result.fault == TokenFault::none ? EX_OK : EX_DATAERR;
}

void run(doveadm_cmd_context *context) noexcept {
  const char *token;
  if (!doveadm_cmd_param_str(context, "token", &token))
    help_ver2(context->cmd);
  int status = guarded("doveadm smime token check", EX_TEMPFAIL, [&] { return check(token); });
  if (status != EX_OK)
    doveadm_exit_code = status;
}

const doveadm_cmd_param parameters[] = {positional("token", CMD_PARAM_STR), doveadm_cmd_param{}};

} // namespace

doveadm_cmd_ver2 command_token_check = {run,         nullptr,       "smime token check",
                                        "<token>|-", CMD_FLAG_NONE, parameters};

} // namespace smime
