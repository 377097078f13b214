// doveadm smime register drain, thin, rebuild and check.
#include "plugin/doveadm/register-access.h"
#include "plugin/doveadm/root-again.h"
#include "plugin/doveadm/scanner-program.h"
#include "plugin/doveadm/smime.h"
#include "plugin/dovecot/events.h"
#include "plugin/quarantine/access.h"
#include "plugin/quarantine/known-recipients.h"
#include "plugin/quarantine/original-header.h"
#include "plugin/quarantine/quarantine.h"
#include "plugin/quarantine/register-note.h"
#include "plugin/quarantine/request-store.h"
#include "plugin/register/pages.h"
#include "plugin/register/thin.h"

#include <ctime>
#include <map>
#include <set>

namespace smime {
namespace {

// body returns the exit code.
template <typename Body> void with_register(const char *command, Body body) noexcept {
  int status = guarded(command, EX_TEMPFAIL, [&] {
    std::string error;
    Settings settings = settings_without_user();
    auto database = open_register(settings, error);
    if (database != nullptr)
      return body(settings, *database);
    log_error(error);
    return EX_CONFIG;
  });
  if (status != 0)
    doveadm_exit_code = status;
}

// --- drain

void drain_command(doveadm_cmd_context *) noexcept {
  with_register("doveadm smime register drain", [](const Settings &settings, Database &database) {
    std::string error;
    DrainResult result;
    bool done = drain_register(settings, database, result, error);
    doveadm_print_init(DOVEADM_PRINT_TYPE_FLOW);
    for (const char *name : {"written", "refused"})
      doveadm_print_header_simple(name);
    print(std::to_string(result.written));
    print(std::to_string(result.refused.size()));
    if (done)
      return 0;
    log_error("smime register: rows wait in " + settings.register_spool + ": " + error);
    return EX_TEMPFAIL;
  });
}

// --- thin

void thin_command(doveadm_cmd_context *) noexcept {
  with_register("doveadm smime register thin", [](const Settings &settings, Database &database) {
    std::string error;
    ThinResult result;
    bool done = settings.history == 0 ||
                thin_register(database, time(nullptr) - settings.history, result, error);
    doveadm_print_init(DOVEADM_PRINT_TYPE_FLOW);
    for (const char *name : {"messages", "history", "deliveries", "more"})
      doveadm_print_header_simple(name);
    for (std::size_t count : result.taken)
      print(std::to_string(count));
    print(result.more ? "yes" : "no");
    if (done)
      return 0;
    log_error("smime register: " + error);
    return EX_TEMPFAIL;
  });
}

// --- rebuild and check

// What a command knows beyond one user.
struct RegisterState {
  Settings settings;
  std::unique_ptr<Database> database;
  KnownRecipients known;
  std::set<std::string> visited_users;
};

// Zeroed by doveadm: plain members only.
struct RegisterCommand {
  doveadm_mail_cmd_context ctx;
  bool rebuild;
  // Owned; there as long as the command.
  RegisterState *state;
};

RegisterCommand *register_command(doveadm_mail_cmd_context *context) {
  return reinterpret_cast<RegisterCommand *>(context);
}

void init(doveadm_mail_cmd_context *context, const char *const args[]) {
  if (args[0] != nullptr)
    doveadm_mail_help_name(context->cmd->name);
  RegisterState &state = *register_command(context)->state;
  std::string error;
  state.settings = settings_without_user();
  state.database = open_register(state.settings, error);
  if (state.database == nullptr)
    die(EX_CONFIG, std::string(context->cmd->name) + ": " + error);
  // What waits is not missing.
  DrainResult ignored;
  if (!state.database->works(error) ||
      !drain_register(state.settings, *state.database, ignored, error))
    die(EX_TEMPFAIL, std::string(context->cmd->name) + ": " + error);
  for (const char *name : {"id", "user", "result"})
    doveadm_print_header_simple(name);
}

// What the mailboxes and the register have of one user.
struct Comparison {
  std::map<std::string, RegisterRow> held;
  // The register's rows of what it has for held, by id.
  std::map<std::string, RegisterRow> present;
  // Those that reviewers have held longer, as the history has it.
  std::vector<RegisterRow> kept;
};

RegisterRow kept_row_of(const RegisterRow &row, const KeptUntil &kept) {
  RegisterRow word = row;
  word.event = event_kept;
  word.changed = kept.said.exactly();
  word.who = kept.said.who;
  word.kept = format_time(kept.until);
  word.why = std::string(kept_until_text) + word.kept;
  word.why += kept.said.why.empty() ? "" : ": " + kept.said.why;
  return word;
}

bool read_mailboxes(doveadm_mail_cmd_context *context, mail_user *user, Comparison &found,
                    std::string &error) {
  RegisterCommand *command = register_command(context);
  const Settings &settings = *user_context(user)->settings;
  auto book = read_requests(user, error);
  if (!book)
    return false;
  auto visit = [&](mail *quarantined, const ParsedBlock &block) {
    RegisterRow row;
    row.id = block.record.id;
    if (command->rebuild) {
      row = register_row_of(block.record, nullptr);
      if (settings.register_subject)
        row.subject = read_held_header(quarantined, block).subject;
    }
    row.user = user->username;
    if (auto asked = request_of(quarantined, block.record, *book)) {
      row.state = HeldState::requested;
      row.who = asked->who;
      row.why = asked->why;
    }
    if (auto entry = book->find(row.id); entry != book->end() && entry->second.kept)
      found.kept.push_back(kept_row_of(row, *entry->second.kept));
    found.held.emplace(row.id, std::move(row));
    return Visit::next;
  };
  HeldFor whose;
  whose.known = &command->state->known;
  bool ok = visit_quarantine(user, settings, "", visit, error, {}, whose) != FindResult::failed;
  // A user without a quarantine has none of them.
  if (ok)
    error.clear();
  return ok;
}

constexpr std::size_t page_size = 1000;

void print_difference(const std::string &id, const std::string &user, const std::string &text) {
  print(id);
  print(user);
  print(text);
}

// What the register heard after the search began is no difference.
bool is_later(const RegisterRow &row, std::int64_t started) {
  return row.changed > started && !is_from_future(row.changed, started);
}

// Why a held message is not among the register's: it does not know it, or takes it for released.
std::string what_register_says(Database &database, const RegisterRow &held, std::int64_t started) {
  RegisterFilter filter;
  filter.ids = {held.id};
  filter.user = held.user;
  filter.any_state = true;
  std::string state(name_of(held.state));
  std::string text = state + "; the register does not know it";
  std::string error;
  (void)database.query(
      select_rows(filter, RegisterSort::oldest, 1, nullptr),
      [&](const std::vector<std::string> &values) {
        RegisterRow row = row_of(values);
        text = is_later(row, started)
                   ? ""
                   : state + "; the register says " + std::string(name_of(row.state));
        return true;
      },
      error);
  return error.empty() ? text : "the register cannot be asked: " + error;
}

class UserComparison {
public:
  UserComparison(doveadm_mail_cmd_context *context, mail_user *user)
      : context_(context), user_(user), database_(*register_command(context)->state->database),
        started_(microseconds_now()) {}

  bool run(std::string &error) {
    Comparison found;
    if (!read_mailboxes(context_, user_, found, error))
      return false;
    RootAgain root;
    if (rebuilds() && !database_.run({statement_of_clock(user_->username, started_)}, error))
      return false;
    RegisterFilter filter;
    filter.user = user_->username;
    auto take = [&](const RegisterRow &row) { found.present.emplace(row.id, row); };
    if (read_rows(database_.asking(), {filter}, take, error) == RowsResult::failed)
      return false;
    for (auto &[id, row] : found.held) {
      auto known = found.present.find(id);
      if (known == found.present.end() ||
          (known->second.state != row.state && !is_later(known->second, started_)))
        differs_held(row);
    }
    for (auto &[id, row] : found.present) {
      if (!found.held.contains(id) && !is_later(row, started_))
        differs_gone(row);
    }
    for (const RegisterRow &word : found.kept) {
      auto known = found.present.find(word.id);
      if (known == found.present.end() || known->second.kept < word.kept)
        differs_kept(word);
    }
    return commit(error);
  }

private:
  bool rebuilds() const { return register_command(context_)->rebuild; }

  void differs_held(RegisterRow &row) {
    std::string text = what_register_says(database_, row, started_);
    if (text.empty())
      return;
    if (rebuilds()) {
      row.changed = started_;
      if (row.why.empty())
        row.why = "found in the quarantine by \"register rebuild\"";
      add(statements_of_found(row));
      text = "added";
    }
    tell(row, text);
  }

  void differs_gone(RegisterRow &row) {
    std::string text =
        "not in the quarantine; the register says " + std::string(name_of(row.state));
    if (rebuilds()) {
      row.state = HeldState::gone;
      row.changed = started_;
      row.who.clear();
      row.why = "not found in the quarantine by \"register rebuild\"";
      add(statements_of_gone(row));
      text = "gone";
    }
    tell(row, text);
  }

  void differs_kept(const RegisterRow &word) {
    std::string text = "held " + std::string(kept_until_text) + word.kept;
    if (rebuilds())
      add(statements_of(word));
    tell(word, text + (rebuilds() ? "; added" : "; the register does not know it"));
  }

  void tell(const RegisterRow &row, const std::string &text) {
    print_difference(row.id, row.user, text);
    if (!rebuilds())
      doveadm_mail_failed_error(context_, MAIL_ERROR_NOTFOUND);
  }

  void add(std::vector<SqlStatement> statements) {
    std::move(statements.begin(), statements.end(), std::back_inserter(statements_));
    constexpr std::size_t most = 400;
    if (statements_.size() >= most)
      (void)commit(failure_);
  }

  bool commit(std::string &error) {
    if (failure_.empty() && !statements_.empty())
      (void)database_.run(statements_, failure_);
    statements_.clear();
    error = failure_;
    return failure_.empty();
  }

  doveadm_mail_cmd_context *context_;
  mail_user *user_;
  Database &database_;
  std::int64_t started_;
  std::vector<SqlStatement> statements_;
  std::string failure_;
};

int run(doveadm_mail_cmd_context *context, mail_user *user) noexcept {
  return guarded("doveadm smime register", -1, [&] {
    if (require_user_context(context, user) == nullptr)
      return -1;
    register_command(context)->state->visited_users.insert(user->username);
    std::string error;
    if (UserComparison(context, user).run(error))
      return 0;
    log_error(user->event, error);
    doveadm_mail_failed_error(context, MAIL_ERROR_TEMP);
    return -1;
  });
}

// Rows of users whom -A does not know: renamed, or deleted with their mail.
void tell_of_strangers(doveadm_mail_cmd_context *context) {
  RegisterState &state = *register_command(context)->state;
  bool all = false;
  (void)doveadm_cmd_param_bool(context->cctx, "all-users", &all);
  if (!all || state.database == nullptr)
    return;
  std::string after;
  std::string error;
  for (std::size_t count = page_size; count == page_size && error.empty();) {
    count = 0;
    auto take = [&](const std::vector<std::string> &values) {
      after = values[0];
      count++;
      if (state.visited_users.contains(after))
        return true;
      log_warning("the register has messages held for " + after + ", who is not among these users");
      doveadm_mail_failed_error(context, MAIL_ERROR_NOTFOUND);
      return true;
    };
    (void)state.database->query(select_users(after, page_size), take, error);
  }
  if (!error.empty())
    log_error("smime register: " + error);
}

void deinit(doveadm_mail_cmd_context *context) noexcept {
  (void)guarded("doveadm smime register", false, [&] {
    RootAgain root;
    tell_of_strangers(context);
    return true;
  });
  delete std::exchange(register_command(context)->state, nullptr);
}

doveadm_mail_cmd_context *alloc(bool rebuild) {
  auto *command = doveadm_mail_cmd_alloc(RegisterCommand);
  doveadm_print_init(DOVEADM_PRINT_TYPE_TABLE);
  command->rebuild = rebuild;
  command->state = new RegisterState;
  command->ctx.v.run = run;
  command->ctx.v.deinit = deinit;
  // The database is root's.
  command->ctx.service_flags = static_cast<mail_storage_service_flags>(
      command->ctx.service_flags | MAIL_STORAGE_SERVICE_FLAG_TEMP_PRIV_DROP);
  set_init(&command->ctx, init);
  return &command->ctx;
}

doveadm_mail_cmd_context *alloc_rebuild() { return alloc(true); }
doveadm_mail_cmd_context *alloc_check() { return alloc(false); }

const auto parameters = mail_parameters();
const std::array<doveadm_cmd_param, 1> no_parameters{};

} // namespace

doveadm_cmd_ver2 command_register_drain = {
    drain_command, nullptr, "smime register drain", "", CMD_FLAG_NONE, no_parameters.data()};
doveadm_cmd_ver2 command_register_thin = {thin_command, nullptr,       "smime register thin",
                                          "",           CMD_FLAG_NONE, no_parameters.data()};
doveadm_cmd_ver2 command_register_rebuild = {
    nullptr,       alloc_rebuild,    "smime register rebuild", "-u <user>|-A [-S <socket_path>]",
    CMD_FLAG_NONE, parameters.data()};
doveadm_cmd_ver2 command_register_check = {
    nullptr,       alloc_check,      "smime register check", "-u <user>|-A [-S <socket_path>]",
    CMD_FLAG_NONE, parameters.data()};

} // namespace smime
