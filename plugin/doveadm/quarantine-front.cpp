#include "plugin/doveadm/quarantine-front.h"

#include "plugin/doveadm/lines-format.h"
#include "plugin/doveadm/program-answer.h"
#include "plugin/doveadm/quarantine.h"
#include "plugin/doveadm/root-again.h"
#include "plugin/doveadm/scanner-program.h"
#include "plugin/quarantine/promise.h"
#include "plugin/register/pages.h"

#include <algorithm>
#include <sysexits.h>

extern "C" {
#include "istream.h"
}

namespace smime {
namespace {

// How many messages an act takes at once: their ids are kept in memory.
constexpr std::size_t most_chosen = 100000;

std::unique_ptr<RegisterChoice> &pending_choice() {
  static std::unique_ptr<RegisterChoice> choice;
  return choice;
}

// doveadm keeps a copy of what is registered.
bool is_command(const doveadm_cmd_context *context, const doveadm_cmd_ver2 &command) {
  return context->cmd->mail_cmd == command.mail_cmd;
}

// The HTTP API takes null for a text, which Dovecot's mail commands fall over.
bool is_set(const doveadm_cmd_param &given) {
  return given.value_set && (given.type != CMD_PARAM_STR || given.value.v_string != nullptr);
}

// Whether the command says whose messages it is about. The database is root's: who is another
// user at a shell means himself, as ever. What one doveadm server sends to another has the user's
// name apart.
bool names_users(const doveadm_cmd_context *context) {
  bool is_of_server = context->conn_type == DOVEADM_CONNECTION_TYPE_TCP;
  if ((is_of_server && context->username != nullptr && *context->username != '\0') || getuid() != 0)
    return true;
  for (int i = 0; i < context->argc; i++) {
    const doveadm_cmd_param &given = context->argv[i];
    std::string_view name(given.name);
    bool set = is_set(given) && (given.type != CMD_PARAM_BOOL || given.value.v_bool);
    if (set && (name == "user" || name == "all-users" || name == "user-file" ||
                name == "no-userdb-lookup" || name == "socket-path"))
      return true;
  }
  return false;
}

// What the command asks of the register.
class Question {
public:
  explicit Question(doveadm_cmd_context *context)
      : context_(context), is_report_(is_command(context, command_quarantine_report)),
        pool_(pool_alloconly_create("smime quarantine", 1024)) {
    mail_command_.name = context->cmd->name;
    command_.ctx.pool = pool_;
    command_.ctx.cctx = context;
    command_.ctx.cmd = &mail_command_;
    read_options();
    filter_ = filter_of(&command_);
    selection_ = selection_of(&command_);
  }
  ~Question() { pool_unref(&pool_); }
  Question(const Question &) = delete;
  Question &operator=(const Question &) = delete;

  const Caller &caller() const { return command_.caller; }
  const QuarantineFilter &filter() const { return filter_; }
  const Selection &selection() const { return selection_; }
  bool names_nothing() const { return smime::names_nothing(&command_); }

  std::vector<std::string> ids() const {
    const char *const *given = nullptr;
    std::vector<std::string> result;
    if (!doveadm_cmd_param_array(context_, "id", &given))
      return result;
    require_ids(&command_.ctx, given);
    for (; *given != nullptr; given++) {
      if (std::find(result.begin(), result.end(), *given) == result.end())
        result.emplace_back(*given);
    }
    return result;
  }

  RegisterFilter register_filter() const {
    RegisterFilter asked;
    asked.classes = filter_.classes;
    asked.from = filter_.from;
    asked.to = filter_.to;
    asked.user = filter_.held_for;
    asked.domain = filter_.domain;
    asked.subject = filter_.subject;
    asked.reason = filter_.reason;
    asked.rule = filter_.rule;
    asked.text = filter_.text;
    // A report counts what came before, too.
    if (!is_report_)
      asked.since = filter_.since;
    asked.before = filter_.before;
    asked.state = selection_.state;
    asked.any_state = selection_.any_state;
    return asked;
  }

private:
  void read_options() {
    for (int i = 0; i < context_->argc; i++) {
      const doveadm_cmd_param &given = context_->argv[i];
      // Of a report, --to is where it goes.
      if (!is_set(given) || given.type != CMD_PARAM_STR || given.short_opt == '\0' ||
          (is_report_ && given.short_opt == 't'))
        continue;
      optarg = const_cast<char *>(given.value.v_string);
      (void)parse_filter(&command_.ctx, given.short_opt);
    }
  }

  doveadm_cmd_context *context_;
  bool is_report_;
  pool_t pool_;
  doveadm_mail_cmd mail_command_{};
  QuarantineCommand command_{};
  QuarantineFilter filter_;
  Selection selection_;
};

QuarantineRecord record_of(const RegisterRow &row) {
  QuarantineRecord record;
  record.time = format_time(row.time);
  record.rule = row.rule;
  return record;
}

std::int64_t kept_until_of(const RegisterRow &row) { return parse_time(row.kept).value_or(0); }

// Whether the mailbox is to be asked if the message's time is over: of a rule that was cut, the
// register does not know.
bool may_be_due(const RegisterRow &row) {
  constexpr std::size_t longest_character = 4;
  auto promise = promise_of(record_of(row), kept_until_of(row));
  return promise ? promise->is_due(ioloop_time)
                 : row.rule.size() + longest_character > max_row_text;
}

// --- list

std::string time_of_change(const RegisterRow &row) {
  constexpr std::int64_t second = 1000000;
  return format_time(row.changed / second);
}

void print_row(const RegisterRow &row) {
  print(row.id);
  print(format_time(row.time));
  print(row.mailbox);
  print(row.from);
  print(row.to);
  print(row.classes.empty() ? "?" : row.classes);
  print(row.reason);
  print(row.user);
  print(row.subject);
  // The header's From is not in the register.
  print("");
  print("");
  print(std::to_string(row.size));
  print_promise(record_of(row), kept_until_of(row));
  bool requested = row.state == HeldState::requested;
  print(std::string(name_of(row.state)));
  print(requested ? row.who : "");
  print(requested ? time_of_change(row) : "");
  print(row.rule);
  print(row.who);
  print(time_of_change(row));
  print(row.why);
}

void tell_of_list(const doveadm_cmd_context *context, const Caller &caller, std::size_t count) {
  if (count == 0)
    return;
  EventFields fields;
  fields.action = "listed";
  add_caller(fields, caller, context);
  bool is_noted = context->conn_type != DOVEADM_CONNECTION_TYPE_CLI || caller.name != nullptr;
#ifdef SMIME_DOVECOT_24
  event *parent = context->event;
#else
  event *parent = nullptr;
#endif
  send_event(parent, event_quarantine_opened, is_noted ? EventLevel::info : EventLevel::debug,
             fields,
             "quarantine: " + std::to_string(count) + " of the register listed to " +
                 actor_text(fields) + reason_text(fields));
}

int list_rows(doveadm_cmd_context *context, const Question &question, RegisterChoice &choice) {
  init_lines_format();
  doveadm_print_init(DOVEADM_PRINT_TYPE_TABLE);
  print_list_headers();
  for (const char *name : {"who", "when", "why"})
    doveadm_print_header_simple(name);
  RowsWanted wanted{question.register_filter(), question.selection().sort,
                    question.selection().limit,
                    [&](const RegisterRow &row) {
                      return acts_of(question.caller(), choice.settings, row).has(Act::list);
                    },
                    question.selection().after};
  std::size_t count = 0;
  std::string error;
  auto result = RowsResult::all;
  limit_to_roles(wanted.filter, question.caller(), choice.settings, Act::list);
  // Whom no role names learns nothing, not even by how long it takes.
  if (acts_on_any(question.caller(), choice.settings).has(Act::list))
    result = read_rows(
        choice.database->asking(), wanted,
        [&](const RegisterRow &row) {
          print_row(row);
          count++;
        },
        error);
  end_lines_format();
  tell_of_list(context, question.caller(), count);
  if (result == RowsResult::more && context->conn_type == DOVEADM_CONNECTION_TYPE_CLI)
    log_warning("there are more than these " + std::to_string(count) + " (--limit)");
  if (result != RowsResult::failed)
    return EX_OK;
  log_error(std::string(context->cmd->name) + ": the register cannot be asked: " + error);
  return EX_TEMPFAIL;
}

// --- what the others are to do

class Chooser {
public:
  Chooser(const doveadm_cmd_context *context, const Question &question, RegisterChoice &choice)
      : context_(context), question_(question), choice_(choice) {}

  // EX_OK, DOVEADM_EX_NOTFOUND: ids are missing, and the others are chosen; else nothing is.
  int run() {
    if (acts_on_any(question_.caller(), choice_.settings).empty())
      return choose_nothing();
    if (is_command(context_, command_quarantine_report))
      return choose_users();
    auto ids = question_.ids();
    return ids.empty() ? choose_matching() : choose_ids(ids);
  }

private:
  // What the caller may do with it, if anything: else it is not there for him.
  bool is_there(const RegisterRow &row) const {
    return !acts_of(question_.caller(), choice_.settings, row).empty();
  }

  void choose(const RegisterRow &row) {
    add_user(row.user);
    choice_.ids[row.user].push_back(row.id);
  }

  void add_user(const std::string &user) {
    if (known_users_.insert(user).second)
      choice_.users.push_back(user);
  }

  int failed(const std::string &error) const {
    log_error(std::string(context_->cmd->name) + ": the register cannot be asked: " + error);
    return EX_TEMPFAIL;
  }

  int choose_nothing() const {
    for (const std::string &id : question_.ids())
      tell_missing(id);
    return question_.ids().empty() ? EX_OK : DOVEADM_EX_NOTFOUND;
  }

  // The same for what is nowhere and for what is not there for the caller.
  static void tell_missing(const std::string &id) {
    log_error(id + " is not in the register (released or deleted before? -u asks a user's own "
                   "quarantine)");
  }

  int choose_ids(const std::vector<std::string> &ids) {
    int status = EX_OK;
    for (const std::string &id : ids) {
      int found = choose_id(id);
      if (found != EX_OK && found != DOVEADM_EX_NOTFOUND)
        return found;
      status = std::max(status, found);
    }
    return status;
  }

  int choose_id(const std::string &id) {
    RowsWanted wanted;
    wanted.filter.ids = {id};
    wanted.filter.any_state = true;
    wanted.keep = [&](const RegisterRow &row) { return is_there(row); };
    limit_to_roles(wanted.filter, question_.caller(), choice_.settings, {});
    // The key has the user in it: one id may have several rows, of which the mailboxes know.
    std::map<std::string, std::vector<RegisterRow>> held;
    std::optional<RegisterRow> former;
    std::string error;
    auto take = [&](const RegisterRow &row) {
      constexpr std::size_t most = 1000;
      if (is_in_quarantine(row.state) && held.size() < most)
        held[row.id].push_back(row);
      else
        former = row;
    };
    if (read_rows(choice_.database->asking(), wanted, take, error) == RowsResult::failed)
      return failed(error);
    if (held.size() > 1)
      return tell_ambiguous(id, held);
    if (held.empty()) {
      tell_former(id, former);
      return DOVEADM_EX_NOTFOUND;
    }
    for (const RegisterRow &row : held.begin()->second)
      choose(row);
    return EX_OK;
  }

  static int tell_ambiguous(const std::string &id,
                            const std::map<std::string, std::vector<RegisterRow>> &held) {
    std::set<std::string> found;
    for (const auto &[whole, ignored] : held)
      found.insert(whole);
    log_error(ambiguous_text(id, found) + "; nothing was done");
    return DOVEADM_EX_NOTPOSSIBLE;
  }

  static void tell_former(const std::string &id, const std::optional<RegisterRow> &row) {
    if (!row)
      tell_missing(id);
    else
      log_error(row->id + " of " + row->user +
                " is not held any more: " + std::string(name_of(row->state)) + " " +
                time_of_change(*row) + (row->who.empty() ? "" : " by " + row->who));
  }

  int choose_matching() {
    RowsWanted wanted{question_.register_filter(), question_.selection().sort,
                      question_.selection().limit == 0 ? most_chosen : question_.selection().limit,
                      [&](const RegisterRow &row) {
                        return is_there(row) && (!is_by_promise() || may_be_due(row));
                      }};
    limit_to_roles(wanted.filter, question_.caller(), choice_.settings, {});
    std::string error;
    auto result = read_rows(
        choice_.database->asking(), wanted, [&](const RegisterRow &row) { choose(row); }, error);
    if (result == RowsResult::failed)
      return failed(error);
    bool all = result == RowsResult::all || question_.selection().limit != 0;
    if (!all)
      log_warning("more than " + std::to_string(most_chosen) +
                  " messages are meant: run the command again for the others");
    return all ? EX_OK : EX_TEMPFAIL;
  }

  bool is_by_promise() const {
    return is_command(context_, command_quarantine_expire) && !question_.filter().before;
  }

  // Those who have something that the caller may list.
  int choose_users() {
    RowsWanted wanted{question_.register_filter(), RegisterSort::user, 0,
                      [&](const RegisterRow &row) {
                        return !known_users_.contains(row.user) &&
                               acts_of(question_.caller(), choice_.settings, row).has(Act::list);
                      }};
    limit_to_roles(wanted.filter, question_.caller(), choice_.settings, Act::list);
    if (!acts_on_any(question_.caller(), choice_.settings).has(Act::list))
      return EX_OK;
    std::string error;
    auto take = [&](const RegisterRow &row) { add_user(row.user); };
    return read_rows(choice_.database->asking(), wanted, take, error) == RowsResult::failed
               ? failed(error)
               : EX_OK;
  }

  const doveadm_cmd_context *context_;
  const Question &question_;
  RegisterChoice &choice_;
  std::set<std::string> known_users_;
};

// --- the command

} // namespace

int open_choice(const doveadm_cmd_context *context, const Caller &caller, RegisterChoice &choice) {
  std::string error;
  choice.settings = settings_without_user();
  if (choice.settings.errors.empty() && choice.settings.register_dict.empty()) {
    log_error(std::string(context->cmd->name) +
              ": name the user with -u, or all with -A; or set smime_register, whose register "
              "knows whose a message is (dovecot-smime(7), THE REGISTER)");
    // Who uses the desk chose no words of a command.
    return answers_program() ? EX_CONFIG : EX_USAGE;
  }
  error = void_roles_text(caller, choice.settings);
  if (error.empty())
    choice.database = open_register(choice.settings, error);
  if (choice.database == nullptr) {
    log_error(std::string(context->cmd->name) + ": " + error);
    return EX_CONFIG;
  }
  // What waits is not missing.
  DrainResult ignored;
  if (!drain_register(choice.settings, *choice.database, ignored, error))
    log_warning("rows wait for the register in " + choice.settings.register_spool + ": " + error);
  return EX_OK;
}

void limit_to_roles(RegisterFilter &filter, const Caller &caller, const Settings &settings,
                    std::optional<Act> needed) {
  if (caller.name == nullptr)
    return;
  for (const Role *role : roles_of(settings, caller.name)) {
    if (!needed || role->may.has(*needed))
      filter.scopes.push_back({role->to, role->classes, role->rules});
  }
}

namespace {

// What can be asked of the command. The state of what left its quarantine is for lists.
int check_question(const doveadm_cmd_context *context, const Question &question) {
  bool of_recipient = false;
  if (doveadm_cmd_param_bool(context, "recipient", &of_recipient) && of_recipient) {
    log_error(std::string(context->cmd->name) + ": --recipient wants one user (-u)");
    return EX_USAGE;
  }
  if (std::string wrong = wrong_caller(question.caller()); !wrong.empty()) {
    log_error(std::string(context->cmd->name) + ": " + wrong);
    return EX_USAGE;
  }
  const Selection &selection = question.selection();
  bool lists = is_command(context, command_quarantine_list);
  if (!lists && (selection.any_state || (selection.state && !is_in_quarantine(*selection.state)))) {
    log_error(std::string(context->cmd->name) +
              ": --state is held or requested: what left its quarantine can only be listed");
    return EX_USAGE;
  }
  bool all = lists || is_command(context, command_quarantine_report) ||
             is_command(context, command_quarantine_expire);
  // Nothing is done to everything by leaving out a word.
  if (!all && question.ids().empty() && question.names_nothing())
    help_ver2(context->cmd);
  return EX_OK;
}

void run_mail_command(doveadm_cmd_context *context, istream *users) {
  std::vector<doveadm_cmd_param> given(context->argv, context->argv + context->argc);
  for (doveadm_cmd_param &parameter : given) {
    parameter.value_set = is_set(parameter);
    if (users == nullptr || strcmp(parameter.name, "user-file") != 0)
      continue;
    parameter.value_set = TRUE;
    parameter.value.v_istream = users;
  }
  const doveadm_cmd_param *before = std::exchange(context->argv, given.data());
  doveadm_cmd_ver2_to_mail_cmd_wrapper(context);
  context->argv = before;
}

// As by -F; who the users are next_chosen_user() says.
void run_for_chosen(doveadm_cmd_context *context) {
  StreamPtr nobody(i_stream_create_from_data("", 0));
  run_mail_command(context, nobody.get());
}

int ask_register(doveadm_cmd_context *context) {
  RootAgain root;
  Question question(context);
  auto choice = std::make_unique<RegisterChoice>();
  int status = check_question(context, question);
  if (status == EX_OK)
    status = open_choice(context, question.caller(), *choice);
  if (status != EX_OK)
    return status;
  if (is_command(context, command_quarantine_list))
    return list_rows(context, question, *choice);
  status = Chooser(context, question, *choice).run();
  if (status == EX_OK || status == DOVEADM_EX_NOTFOUND)
    pending_choice() = std::move(choice);
  return status;
}

} // namespace

void quarantine_command_or_register(doveadm_cmd_context *context) noexcept {
  if (names_nobody(context))
    return;
  if (names_users(context)) {
    run_mail_command(context, nullptr);
    return;
  }
  int status = guarded(context->cmd->name, EX_TEMPFAIL, [&] { return ask_register(context); });
  if (status != EX_OK)
    doveadm_exit_code = status;
  if (pending_choice() != nullptr)
    run_for_chosen(context);
}

std::unique_ptr<RegisterChoice> take_choice() { return std::move(pending_choice()); }

int next_chosen_user(doveadm_mail_cmd_context *context, const char **name) noexcept {
  RegisterChoice &choice = *quarantine_command(context)->state->choice;
  if (choice.next_user == choice.users.size())
    return 0;
  *name = choice.users[choice.next_user++].c_str();
  return 1;
}

void tell_of_other_message(doveadm_mail_cmd_context *context, mail_user *user,
                           const std::string &id) {
  if (quarantine_command(context)->state->counting)
    return;
  log_error(user->event, id + " is not what was asked for, and for the register it is: left as it "
                              "is (name it by its id)");
  doveadm_mail_failed_error(context, MAIL_ERROR_NOTFOUND);
}

namespace {

void mark_gone(RegisterChoice &choice) {
  std::vector<SqlStatement> statements;
  std::string error;
  for (const auto &[id, user] : choice.missing) {
    RegisterRow row;
    row.id = id;
    row.user = user;
    row.state = HeldState::gone;
    row.changed = microseconds_now();
    row.why = "not found in the quarantine by a command";
    auto of_this = statements_of_gone(row);
    std::move(of_this.begin(), of_this.end(), std::back_inserter(statements));
  }
  if (!choice.database->run(statements, error))
    log_error("smime register: what is gone cannot be marked: " + error);
}

void tell_of_missing(doveadm_mail_cmd_context *context) {
  const QuarantineCommand *command = quarantine_command(context);
  RegisterChoice &choice = *command->state->choice;
  for (const auto &[id, user] : choice.unreached)
    log_error(
        id + " is not found in the quarantine of " + user +
        ", where the register has it: that has no mailbox now, or the user's settings keep it "
        "from who asks");
  if (!choice.missing.empty() || !choice.unreached.empty())
    doveadm_mail_failed_error(context, MAIL_ERROR_NOTFOUND);
  for (const auto &[id, user] : choice.missing)
    log_error(id + " is not in the quarantine of " + user +
              ", where the register has it: " + (command->dry_run ? "" : "marked as ") + "gone");
  if (!command->dry_run && !choice.missing.empty())
    mark_gone(choice);
}

} // namespace

void tell_of_choice(doveadm_mail_cmd_context *context) {
  RootAgain root;
  const CommandState &state = *quarantine_command(context)->state;
  tell_of_missing(context);
  for (const std::string &user : state.choice->users) {
    if (state.visited_users.contains(user))
      continue;
    log_error("what the register has of " + user +
              " was not looked for: there is no such user, or what is said above");
    doveadm_mail_failed_error(context, MAIL_ERROR_NOTFOUND);
  }
}

} // namespace smime
