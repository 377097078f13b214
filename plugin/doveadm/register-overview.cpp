// doveadm smime register overview: what waits, what became of the rest, by which rules it came; of
// what the caller may list.
#include "plugin/doveadm/quarantine-front.h"
#include "plugin/doveadm/root-again.h"
#include "plugin/quarantine/overview.h"

#include <ctime>
#include <sysexits.h>

namespace smime {
namespace {

constexpr unsigned default_days = 30;

bool count(Overview &overview, const Caller &caller, RegisterChoice &choice, std::string &error) {
  const Settings &settings = choice.settings;
  AskDatabase ask = choice.database->asking();
  if (acts_on_all(caller, settings).has(Act::list))
    return overview.count_all(ask, error);
  // Whom no role names learns nothing, not even by how long it takes.
  if (!acts_on_any(caller, settings).has(Act::list))
    return true;
  // The SQL of a role lets some rows in that are not in it.
  RegisterFilter filter;
  limit_to_roles(filter, caller, settings, Act::list);
  auto keep = [&](const RegisterRow &row) { return acts_of(caller, settings, row).has(Act::list); };
  return overview.count_rows(ask, filter, keep, error);
}

int print_overview(const doveadm_cmd_context *context, const Caller &caller, unsigned days) {
  if (std::string wrong = wrong_caller(caller); !wrong.empty()) {
    log_error(std::string(context->cmd->name) + ": " + wrong);
    return EX_USAGE;
  }
  RegisterChoice choice;
  if (int status = open_choice(context, caller, choice); status != EX_OK)
    return status;
  Overview overview(std::time(nullptr), days);
  std::string error;
  if (!count(overview, caller, choice, error)) {
    log_error(std::string(context->cmd->name) + ": the register cannot be asked: " + error);
    return EX_TEMPFAIL;
  }
  doveadm_print_init(DOVEADM_PRINT_TYPE_PAGER);
  doveadm_print_header_simple("json");
  print(overview.to_json());
  return EX_OK;
}

void run(doveadm_cmd_context *context) noexcept {
  if (names_nobody(context))
    return;
  Caller caller{};
  const char *given = nullptr;
  (void)doveadm_cmd_param_str(context, "as", &caller.name);
  (void)doveadm_cmd_param_str(context, "remote-ip", &caller.remote_ip);
  (void)doveadm_cmd_param_str(context, "days", &given);
  int status = guarded(context->cmd->name, EX_TEMPFAIL, [&] {
    RootAgain root;
    unsigned days = default_days;
    if (given != nullptr &&
        (str_to_uint(given, &days) < 0 || days == 0 || days > max_overview_days)) {
      log_error(std::string(context->cmd->name) + ": --days wants a number from 1 to " +
                std::to_string(max_overview_days));
      return EX_USAGE;
    }
    return print_overview(context, caller, days);
  });
  if (status != EX_OK)
    doveadm_exit_code = status;
}

const doveadm_cmd_param parameters[] = {
    parameter('d', "days", CMD_PARAM_STR), parameter('a', "as", CMD_PARAM_STR),
    parameter('p', "remote-ip", CMD_PARAM_STR), doveadm_cmd_param{}};

} // namespace

doveadm_cmd_ver2 command_register_overview = {run,
                                              nullptr,
                                              "smime register overview",
                                              "[--days <number>] [--as <name>] [--remote-ip <ip>]",
                                              CMD_FLAG_NONE,
                                              parameters};

} // namespace smime
