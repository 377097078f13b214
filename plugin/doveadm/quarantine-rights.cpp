// doveadm smime quarantine rights: what a name may do, with some message or other. A front end asks
// it when somebody logs in.
#include "plugin/doveadm/caller.h"
#include "plugin/doveadm/scanner-program.h"

#include <sysexits.h>

namespace smime {
namespace {

int print_rights(const doveadm_cmd_context *context, const Caller &caller) {
  Settings settings = settings_without_user();
  std::string wrong = wrong_caller(caller);
  std::string error = wrong.empty() ? void_roles_text(caller, settings) : wrong;
  if (!error.empty()) {
    log_error(std::string(context->cmd->name) + ": " + error);
    return wrong.empty() ? EX_CONFIG : EX_USAGE;
  }
  doveadm_print_init(DOVEADM_PRINT_TYPE_FLOW);
  for (const char *name : {"acts", "reviewer"})
    doveadm_print_header_simple(name);
  print(names_of(acts_on_any(caller, settings)));
  print(is_named_reviewer(settings, caller.name) ? "yes" : "no");
  return EX_OK;
}

void run(doveadm_cmd_context *context) noexcept {
  if (names_nobody(context))
    return;
  Caller caller{};
  (void)doveadm_cmd_param_str(context, "remote-ip", &caller.remote_ip);
  if (!doveadm_cmd_param_str(context, "as", &caller.name))
    help_ver2(context->cmd);
  int status =
      guarded(context->cmd->name, EX_TEMPFAIL, [&] { return print_rights(context, caller); });
  if (status != EX_OK)
    doveadm_exit_code = status;
}

const doveadm_cmd_param parameters[] = {parameter('a', "as", CMD_PARAM_STR),
                                        parameter('p', "remote-ip", CMD_PARAM_STR),
                                        doveadm_cmd_param{}};

} // namespace

doveadm_cmd_ver2 command_quarantine_rights = {
    run,           nullptr,   "smime quarantine rights", "--as <name> [--remote-ip <ip>]",
    CMD_FLAG_NONE, parameters};

} // namespace smime
