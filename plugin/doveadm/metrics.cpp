// doveadm smime metrics: how many messages are held and how long they wait, for monitoring. Of the
// register, or with -u and -A of the mailboxes. What cannot be found out is left out and logged,
// and has a number that says so: whoever watches is to see that, too.
#include "plugin/doveadm/register-access.h"
#include "plugin/doveadm/scanner-program.h"
#include "plugin/doveadm/smime.h"
#include "plugin/doveadm/untold.h"
#include "plugin/operator/metrics.h"
#include "plugin/quarantine/known-recipients.h"
#include "plugin/quarantine/quarantine.h"
#include "plugin/quarantine/request-store.h"
#include "plugin/register/row.h"
#include "plugin/register/spool.h"

#include <cstdlib>
#include <ctime>
#include <memory>
#include <sysexits.h>
#include <utility>

namespace smime {
namespace {

// --- the register

// As select_counts() has them.
HeldCount count_of(const std::vector<std::string> &values) {
  auto number = [&](std::size_t i) { return std::strtoll(values[i].c_str(), nullptr, 10); };
  constexpr std::int64_t second = 1000000;
  return {static_cast<std::uint64_t>(number(0)), static_cast<std::uint64_t>(number(1)), number(2),
          number(3) / second};
}

bool count_by(Database &database, CountBy by, HeldCounts &counts, std::string &error) {
  std::vector<std::string> values;
  auto take_value = [&](const std::vector<std::string> &row) {
    counts.add(row[4], count_of(row));
    values.push_back(row[4]);
    return true;
  };
  auto take_rest = [&](const std::vector<std::string> &row) {
    counts.add_rest(count_of(row));
    return true;
  };
  if (!database.query(select_counts(by, max_label_values), take_value, error))
    return false;
  return values.size() < max_label_values ||
         database.query(select_count_of_rest(by, values), take_rest, error);
}

bool ask_register(const Settings &settings, MetricsFacts &facts, std::string &error) {
  auto database = open_register(settings, error);
  auto take_all = [&](const std::vector<std::string> &row) {
    facts.all = count_of(row);
    return true;
  };
  if (database != nullptr && database->query(select_counts(CountBy::all, 1), take_all, error) &&
      count_by(*database, CountBy::reason, facts.by_reason, error) &&
      count_by(*database, CountBy::domain, facts.by_domain, error))
    return true;
  facts.all.reset();
  return false;
}

void look_at_register(const Settings &settings, bool ask, MetricsFacts &facts) {
  facts.has_register = settings.errors.empty() && !settings.register_dict.empty();
  if (!facts.has_register)
    return;
  SpoolFacts spool = look_at_spool(settings.register_spool);
  if (spool.error.empty()) {
    facts.spool_rows = spool.waiting;
    facts.spool_refused = spool.refused;
    facts.spool_oldest = spool.oldest;
  } else {
    log_error("smime_register_spool: " + spool.error);
  }
  std::string error;
  if (ask) {
    facts.register_up = ask_register(settings, facts, error);
  } else {
    auto database = open_register(settings, error);
    auto nothing = [](const std::vector<std::string> &) { return true; };
    facts.register_up = database != nullptr && database->query({"SELECT 1", {}}, nothing, error);
  }
  if (!facts.register_up)
    log_error("smime register: " + error);
}

void print_metrics(const MetricsFacts &facts) { print_lines(format_metrics(facts, time(nullptr))); }

void init_format() {
  // It has its own end of line; -f asks for another format before the command is made.
  bool for_people = !doveadm_print_is_initialized();
  doveadm_print_init(DOVEADM_PRINT_TYPE_FORMATTED);
  if (for_people)
    doveadm_print_formatted_set_format("%{metrics}");
}

// Of several users doveadm puts a field of its own before this one.
void print_header() {
  doveadm_print_header("metrics", "metrics", DOVEADM_PRINT_HEADER_FLAG_HIDE_TITLE);
}

int run_for_register() {
  Settings settings = settings_without_user();
  if (!settings.errors.empty() || settings.register_dict.empty()) {
    log_error(settings.errors.empty()
                  ? "smime metrics: without a register (smime_register) the mailboxes are looked "
                    "into: -A"
                  : settings.errors.front());
    return EX_CONFIG;
  }
  init_format();
  print_header();
  MetricsFacts facts;
  look_at_register(settings, true, facts);
  print_metrics(facts);
  return EX_OK;
}

// --- the mailboxes

struct MetricsState {
  MetricsFacts facts;
  KnownRecipients known;
  KnownRecipients known_for_notices;
};

// Zeroed by doveadm: plain members only.
struct MetricsCommand {
  doveadm_mail_cmd_context ctx;
  // Owned; there as long as the command.
  MetricsState *state;
};

MetricsCommand *metrics_command(doveadm_mail_cmd_context *context) {
  return reinterpret_cast<MetricsCommand *>(context);
}

HeldCount count_one(const QuarantineRecord &record, const std::optional<Said> &asked) {
  HeldCount count;
  std::int64_t held = parse_time(record.time).value_or(0);
  if (asked) {
    count.requested = 1;
    count.oldest_request = asked->when == 0 ? held : asked->when;
  } else {
    count.held = 1;
    count.oldest_held = held;
  }
  return count;
}

bool count_user(MetricsState &state, mail_user *user, const Settings &settings,
                std::string &error) {
  MetricsFacts &facts = state.facts;
  auto book = read_requests(user, error);
  if (!book)
    return false;
  auto visit = [&](mail *held, const ParsedBlock &block) {
    HeldCount count = count_one(block.record, request_of(held, block.record, *book));
    facts.all->add(count);
    facts.by_reason.add(block.record.reason, count);
    facts.by_domain.add(recipient_domain(block.record.to), count);
    return Visit::next;
  };
  HeldFor whose;
  whose.known = &state.known;
  if (visit_quarantine(user, settings, "", visit, error, {}, whose) == FindResult::failed)
    return false;
  // A user without a quarantine has none.
  error.clear();
  AllUntold untold;
  if (!find_untold(user, settings, false, state.known_for_notices, untold, error))
    return false;
  for (const UntoldOfKind *of : {&untold.held, &untold.warning})
    *facts.notices_due += of->begun.size() + of->due.size();
  *facts.notices_due += untold.decided.begun.size() + untold.decided.due.size();
  return true;
}

int run(doveadm_mail_cmd_context *context, mail_user *user) noexcept {
  MetricsState &state = *metrics_command(context)->state;
  return guarded("doveadm smime metrics", -1, [&] {
    UserContext *found = require_user_context(context, user);
    std::string error;
    if (found != nullptr && count_user(state, user, *found->settings, error))
      return 0;
    if (found != nullptr)
      log_error(user->event, "metrics: " + error);
    doveadm_mail_failed_error(context, MAIL_ERROR_TEMP);
    ++*state.facts.users_failed;
    return -1;
  });
}

void init(doveadm_mail_cmd_context *context, const char *const args[]) {
  if (args[0] != nullptr)
    doveadm_mail_help_name(context->cmd->name);
  print_header();
  // As root, which it may not be between two users.
  look_at_register(settings_without_user(), false, metrics_command(context)->state->facts);
}

void deinit(doveadm_mail_cmd_context *context) noexcept {
  MetricsCommand *command = metrics_command(context);
  (void)guarded("doveadm smime metrics", false, [&] {
    print_metrics(command->state->facts);
    return true;
  });
  delete std::exchange(command->state, nullptr);
}

doveadm_mail_cmd_context *alloc() {
  auto *command = doveadm_mail_cmd_alloc(MetricsCommand);
  init_format();
  command->state = new MetricsState;
  command->state->facts.all.emplace();
  command->state->facts.notices_due = 0;
  command->state->facts.users_failed = 0;
  command->ctx.v.run = run;
  command->ctx.v.deinit = deinit;
  set_init(&command->ctx, init);
  return &command->ctx;
}

void run_command(doveadm_cmd_context *context) noexcept {
  if (is_about_users(context))
    return doveadm_cmd_ver2_to_mail_cmd_wrapper(context);
  int status = guarded("doveadm smime metrics", EX_TEMPFAIL, [] { return run_for_register(); });
  if (status != EX_OK)
    doveadm_exit_code = status;
}

const auto parameters = mail_parameters();

} // namespace

doveadm_cmd_ver2 command_metrics = {run_command,     alloc,
                                    "smime metrics", "[-u <user>|-A] [-S <socket_path>]",
                                    CMD_FLAG_NONE,   parameters.data()};

} // namespace smime
