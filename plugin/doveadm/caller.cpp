#include "plugin/doveadm/caller.h"

#include "plugin/doveadm/program-answer.h"
#include "plugin/rules/words.h"

#include <string_view>
#include <sysexits.h>

namespace smime {
namespace {

std::string terminal_name() {
  for (int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (const char *name = ttyname(fd))
      return name;
  }
  return {};
}

// As Dovecot writes it; empty if it is no address.
std::string address_text(const char *given) {
  ip_addr ip;
  return net_addr2ip(given, &ip) == 0 ? net_ip2addr(&ip) : "";
}

// Where add_actor() or add_operator() said who ran the command.
void add_caller_of_actor(EventFields &fields, const Caller &caller,
                         const doveadm_cmd_context *context) {
  fields.way = context->conn_type == DOVEADM_CONNECTION_TYPE_HTTP ? "http" : "doveadm";
  if (context->conn_type == DOVEADM_CONNECTION_TYPE_CLI)
    fields.terminal = terminal_name();
  if (caller.remote_ip != nullptr)
    fields.remote_ip = fields.said_from = address_text(caller.remote_ip);
  else if (fields.remote_ip.empty() && context->remote_ip.family != 0)
    fields.remote_ip = net_ip2addr(&context->remote_ip);
  if (caller.reason != nullptr)
    fields.reason = caller.reason;
  if (caller.name == nullptr)
    return;
  // The desk's worker, which has seen his login.
  fields.said_by = answers_program() ? "the review desk" : fields.actor;
  fields.actor = caller.name;
}

} // namespace

bool keep_caller(doveadm_mail_cmd_context *context, int c, Caller &caller) {
  // Before the command becomes a mail user.
  if (c == 'p' && getuid() != 0)
    die(EX_USAGE, std::string(context->cmd->name) + ": --remote-ip is for root");
  return keep_option(context, c,
                     {{'a', &caller.name}, {'e', &caller.reason}, {'p', &caller.remote_ip}});
}

bool names_nobody(const doveadm_cmd_context *context) {
  for (int i = 0; i < context->argc; i++) {
    const doveadm_cmd_param &given = context->argv[i];
    std::string_view name(given.name);
    if ((name != "as" && name != "token") || !given.value_set || given.type != CMD_PARAM_STR ||
        given.value.v_string != nullptr)
      continue;
    log_error(std::string(context->cmd->name) + ": " + given.name +
              " is null, which names nobody: without it, it is the operator who asks");
    doveadm_exit_code = EX_USAGE;
    return true;
  }
  return false;
}

void run_for_caller(doveadm_cmd_context *context) noexcept {
  if (!names_nobody(context))
    doveadm_cmd_ver2_to_mail_cmd_wrapper(context);
}

std::string wrong_caller(const Caller &caller) {
  if (caller.name != nullptr && !is_reviewer_name(caller.name))
    return "the name of --as is empty, too long or has characters that nobody sees, or none in "
           "UTF-8";
  if (caller.reason != nullptr && (*caller.reason == '\0' || !is_one_line(caller.reason)))
    return "the text of --reason is empty, longer than " + std::to_string(max_line) +
           " bytes or has control characters";
  if (caller.remote_ip != nullptr && address_text(caller.remote_ip).empty())
    return "the word of --remote-ip is no IP address";
  return {};
}

Acts acts_of(const Caller &caller, const Settings &settings, const QuarantineRecord &record) {
  return caller.name == nullptr ? all_acts : acts_on(settings, caller.name, record);
}

Acts acts_of(const Caller &caller, const Settings &settings, const RegisterRow &row) {
  return caller.name == nullptr ? all_acts : acts_on(settings, caller.name, row);
}

// Without the errors themselves: whoever says a name may be no operator.
std::string void_roles_text(const Caller &caller, const Settings &settings) {
  return caller.name != nullptr && are_roles_void(settings, caller.name)
             ? "the settings are wrong, and no role counts until they are mended (doveadm smime "
               "status)"
             : "";
}

Acts acts_on_all(const Caller &caller, const Settings &settings) {
  return caller.name == nullptr ? all_acts : acts_on_all(settings, caller.name);
}

Acts acts_on_any(const Caller &caller, const Settings &settings) {
  return caller.name == nullptr ? all_acts : acts_on_any(settings, caller.name);
}

std::string refusal_text(const Caller &caller, Act act) {
  return std::string(caller.name) + " may not " + std::string(name_of(act)) + " it (smime_role)";
}

void add_caller(EventFields &fields, const Caller &caller, const doveadm_mail_cmd_context *context,
                const mail_user *user) {
  add_actor(fields, user);
  add_caller_of_actor(fields, caller, context->cctx);
}

void add_caller(EventFields &fields, const Caller &caller, const doveadm_cmd_context *context) {
  add_operator(fields);
  add_caller_of_actor(fields, caller, context);
}

} // namespace smime
