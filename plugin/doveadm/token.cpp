// doveadm smime token check: what a token is for, and whether it is believed.
#include "plugin/doveadm/given-token.h"

#include "plugin/notices/token.h"
#include "plugin/quarantine/block.h"

#include <ctime>
#include <sysexits.h>

namespace smime {
namespace {

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
  auto file = token_key_file(error);
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
