// doveadm smime quarantine history: what happened to a message, by the register, which knows of it
// when it is held no more as well.
#include "plugin/doveadm/quarantine-front.h"
#include "plugin/doveadm/quarantine.h"
#include "plugin/doveadm/root-again.h"
#include "plugin/quarantine/summary.h"
#include "plugin/register/pages.h"

#include <sysexits.h>

namespace smime {
namespace {

struct HistoryQuestion {
  const char *user = nullptr;
  std::string id;
  Caller caller{};
};

class History {
public:
  History(doveadm_cmd_context *context, HistoryQuestion question)
      : context_(context), question_(std::move(question)) {}

  int run() {
    if (std::string wrong = wrong_caller(question_.caller); !wrong.empty()) {
      log_error(std::string(context_->cmd->name) + ": " + wrong);
      return EX_USAGE;
    }
    if (int status = open_choice(context_, question_.caller, choice_); status != EX_OK)
      return status;
    std::vector<RegisterRow> rows;
    std::string error;
    if (!find(rows, error))
      return failed(error);
    if (rows.empty())
      return tell_missing();
    doveadm_print_init(DOVEADM_PRINT_TYPE_TABLE);
    for (const char *name : {"id", "user", "when", "state", "who", "why"})
      doveadm_print_header_simple(name);
    return print_all(rows);
  }

private:
  Acts acts_with(const RegisterRow &row) const {
    return acts_of(question_.caller, choice_.settings, row);
  }

  // What is there for the caller.
  bool find(std::vector<RegisterRow> &rows, std::string &error) {
    constexpr std::size_t most = 100;
    RowsWanted wanted;
    wanted.filter.ids = {question_.id};
    wanted.filter.any_state = true;
    if (question_.user != nullptr)
      wanted.filter.user = question_.user;
    wanted.limit = most;
    wanted.keep = [&](const RegisterRow &row) { return !acts_with(row).empty(); };
    limit_to_roles(wanted.filter, question_.caller, choice_.settings, {});
    if (acts_on_any(question_.caller, choice_.settings).empty())
      return true;
    auto take = [&](const RegisterRow &row) { rows.push_back(row); };
    return read_rows(choice_.database->asking(), wanted, take, error) != RowsResult::failed;
  }

  int print_all(const std::vector<RegisterRow> &rows) {
    int status = EX_OK;
    for (const RegisterRow &row : rows) {
      if (!acts_with(row).has(Act::show)) {
        log_error(row.id + ": " + refusal_text(question_.caller, Act::show));
        status = EX_NOPERM;
        continue;
      }
      tell_of_look(row);
      std::string error;
      if (!print_changes(row, error))
        return failed(error);
    }
    return status;
  }

  bool print_changes(const RegisterRow &row, std::string &error) {
    constexpr std::int64_t second = 1000000;
    return choice_.database->query(
        select_history(row.id, row.user),
        [&](const std::vector<std::string> &values) {
          print(row.id);
          print(row.user);
          print(format_time(std::strtoll(values[0].c_str(), nullptr, 10) / second));
          for (std::size_t i = 1; i < values.size(); i++)
            print(values[i]);
          return true;
        },
        error);
  }

  void tell_of_look(const RegisterRow &row) {
    EventFields fields;
    fields.user = row.user;
    fields.classes = row.classes;
    fields.action = "history shown";
    fields.id = row.id;
    add_caller(fields, question_.caller, context_);
    bool is_noted =
        context_->conn_type != DOVEADM_CONNECTION_TYPE_CLI || question_.caller.name != nullptr;
#ifdef SMIME_DOVECOT_24
    event *parent = context_->event;
#else
    event *parent = nullptr;
#endif
    send_event(parent, event_message_viewed, is_noted ? EventLevel::info : EventLevel::debug,
               fields,
               "quarantine id " + row.id + ": history shown to " + actor_text(fields) +
                   reason_text(fields));
  }

  int failed(const std::string &error) const {
    log_error(std::string(context_->cmd->name) + ": the register cannot be asked: " + error);
    return EX_TEMPFAIL;
  }

  int tell_missing() const {
    log_error(
        question_.id + " is not in the register" +
        (question_.user == nullptr ? "" : ", or not as " + std::string(question_.user) + "'s"));
    return DOVEADM_EX_NOTFOUND;
  }

  doveadm_cmd_context *context_;
  HistoryQuestion question_;
  RegisterChoice choice_;
};

void run(doveadm_cmd_context *context) noexcept {
  if (names_nobody(context))
    return;
  HistoryQuestion question;
  const char *id;
  if (!doveadm_cmd_param_str(context, "id", &id))
    help_ver2(context->cmd);
  (void)doveadm_cmd_param_str(context, "user", &question.user);
  (void)doveadm_cmd_param_str(context, "as", &question.caller.name);
  (void)doveadm_cmd_param_str(context, "reason", &question.caller.reason);
  (void)doveadm_cmd_param_str(context, "remote-ip", &question.caller.remote_ip);
  int status = guarded(context->cmd->name, EX_TEMPFAIL, [&] {
    RootAgain root;
    if (!may_name_id(id)) {
      log_error(std::string(context->cmd->name) + ": \"" + id + "\" is no quarantine id");
      return EX_USAGE;
    }
    question.id = id;
    return History(context, question).run();
  });
  if (status != EX_OK)
    doveadm_exit_code = status;
}

const doveadm_cmd_param parameters[] = {
    parameter('u', "user", CMD_PARAM_STR),   parameter('a', "as", CMD_PARAM_STR),
    parameter('e', "reason", CMD_PARAM_STR), parameter('p', "remote-ip", CMD_PARAM_STR),
    positional("id", CMD_PARAM_STR),         doveadm_cmd_param{}};

} // namespace

doveadm_cmd_ver2 command_quarantine_history = {
    run,
    nullptr,
    "smime quarantine history",
    "[-u <user>] [--as <name>] [--reason <text>] [--remote-ip <ip>] <id>",
    CMD_FLAG_NONE,
    parameters};

} // namespace smime
