// doveadm smime quarantine list and show, and what the other commands share.
#include "plugin/doveadm/quarantine.h"

#include "common/json-writer.h"
#include "common/report.h"
#include "plugin/doveadm/lines-format.h"
#include "plugin/operator/signature-text.h"
#include "plugin/quarantine/access.h"
#include "plugin/quarantine/cursor.h"
#include "plugin/quarantine/original-header.h"
#include "plugin/quarantine/promise.h"
#include "plugin/quarantine/recipient.h"
#include "plugin/quarantine/request-store.h"
#include "plugin/rules/words.h"

#include <algorithm>
#include <utility>

namespace smime {

std::optional<Report> report_of(const QuarantineRecord &record) {
  std::string ignored;
  return report_from_json(record.report, ignored);
}

std::string class_names_of(const std::optional<Report> &report) {
  return report ? join_class_names(report->classes) : "?";
}

int fail(doveadm_mail_cmd_context *context, mail_user *user, const std::string &text) {
  log_error(user->event, text);
  doveadm_mail_failed_error(context, MAIL_ERROR_TEMP);
  return -1;
}

std::string refusal_of(doveadm_mail_cmd_context *context, Act act) {
  const QuarantineCommand *command = quarantine_command(context);
  if (!command->is_recipients)
    return refusal_text(command->caller, act);
  return "its recipient may not " + std::string(name_of(act)) + " it (recipient= of its rule)";
}

int refuse(doveadm_mail_cmd_context *context, mail_user *user, const std::string &id, Act act) {
  log_error(user->event, id + ": " + refusal_of(context, act));
  doveadm_mail_failed_error(context, MAIL_ERROR_PERM);
  return -1;
}

namespace {

// Who is at a shell without another name reads the mail store anyway, by commands that tell of
// nothing.
EventLevel level_of_looks(const doveadm_mail_cmd_context *context, const Caller &caller) {
  return context->cctx->conn_type == DOVEADM_CONNECTION_TYPE_CLI && caller.name == nullptr
             ? EventLevel::debug
             : EventLevel::info;
}

} // namespace

void tell_of_look(doveadm_mail_cmd_context *context, mail_user *user,
                  const QuarantineRecord &record, const char *action) {
  const QuarantineCommand *command = quarantine_command(context);
  EventFields fields(user);
  if (command->held_for != nullptr)
    fields.user = recipient_of(record);
  fields.classes = class_names_of(report_of(record));
  fields.action = action;
  fields.id = record.id;
  fields.sha256 = record.sha256;
  add_caller(fields, command->caller, context, user);
  send_event(user->event, event_message_viewed, level_of_looks(context, command->caller), fields,
             "quarantine id " + record.id + ": " + action + " to " + actor_text(fields) +
                 reason_text(fields));
}

void tell_of_list(doveadm_mail_cmd_context *context, mail_user *user, std::size_t count) {
  if (count == 0)
    return;
  EventFields fields(user);
  fields.action = "listed";
  const Caller &caller = quarantine_command(context)->caller;
  add_caller(fields, caller, context, user);
  send_event(user->event, event_quarantine_opened, level_of_looks(context, caller), fields,
             "quarantine: " + std::to_string(count) + " listed to " + actor_text(fields) +
                 reason_text(fields));
}

QuarantineFilter filter_of(const QuarantineCommand *command) {
  QuarantineFilter filter;
  if (command->class_name != nullptr)
    filter.classes = classes_from_name(command->class_name);
  if (command->class_name != nullptr && !filter.classes)
    die(EX_USAGE, std::string(command->ctx.cmd->name) + ": \"" + command->class_name +
                      "\" is no class, any-signed or any-encrypted");
  if (command->from != nullptr)
    filter.from = command->from;
  if (command->rule != nullptr)
    filter.rule = command->rule;
  if (command->since != nullptr) {
    time_t since;
    bool utc;
    if (mail_parse_human_timestamp(command->since, &since, &utc) < 0)
      die(EX_USAGE, std::string(command->ctx.cmd->name) + ": \"" + command->since +
                        "\" is no date (2026-01-31, 7days, see doveadm-search-query(7))");
    filter.since = since;
  }
  if (command->before != 0)
    filter.before = command->before;
  for (const auto &[given, target] :
       {std::pair{command->held_for, &filter.held_for}, std::pair{command->recipient, &filter.to},
        std::pair{command->domain, &filter.domain}, std::pair{command->subject, &filter.subject},
        std::pair{command->held_because, &filter.reason},
        std::pair{command->search, &filter.text}}) {
    if (given != nullptr)
      *target = given;
  }
  return filter;
}

Selection selection_of(const QuarantineCommand *command) {
  Selection selection;
  std::string name(command->ctx.cmd->name);
  unsigned limit = 0;
  if (command->limit != nullptr && (str_to_uint(command->limit, &limit) < 0 || limit == 0))
    die(EX_USAGE, name + ": --limit " + command->limit + " is no number of messages");
  selection.limit = limit;
  auto sort = register_sort_from_name(command->sort == nullptr ? "time" : command->sort);
  if (!sort)
    die(EX_USAGE,
        name + ": --sort " + command->sort + " is none of time, -time, size, -size and user");
  selection.sort = *sort;
  if (command->after != nullptr)
    selection.after = position_from_cursor(command->after, *sort);
  if (command->after != nullptr && !selection.after)
    die(EX_USAGE, name + ": --after \"" + command->after +
                      "\" is no \"TIME ID USER\" of a row (SIZE in place of TIME with --sort size; "
                      "none with --sort user)");
  if (command->state_name == nullptr)
    return selection;
  selection.any_state = strcmp(command->state_name, "any") == 0;
  selection.state = held_state_from_name(command->state_name);
  if (!selection.any_state && !selection.state)
    die(EX_USAGE, name + ": --state " + command->state_name +
                      " is none of held, requested, released, rejected, deleted, expired, gone "
                      "and any");
  return selection;
}

bool names_nothing(const QuarantineCommand *command) {
  return filter_of(command).empty() && command->limit == nullptr && command->state_name == nullptr;
}

void check_recipient(doveadm_mail_cmd_context *context) {
  const QuarantineCommand *command = quarantine_command(context);
  if (!command->is_recipients)
    return;
  std::string name(context->cmd->name);
  if (!context->iterate_single_user)
    die(EX_USAGE, name + ": --recipient wants one user (-u)");
  if (command->caller.name != nullptr || command->token != nullptr || command->held_for != nullptr)
    die(EX_USAGE,
        name +
            ": --recipient says whose act it is: --as, --token and --held-for do not go with it");
}

void check_filters(const QuarantineCommand *command) {
  (void)filter_of(command);
  if (selection_of(command).needs_register() && command->state->choice == nullptr)
    die(EX_USAGE,
        std::string(command->ctx.cmd->name) +
            ": --state, --sort and --after are for the register (smime_register): leave out -u "
            "and -A; the mailboxes have what is held, the oldest first");
}

bool parse_filter(doveadm_mail_cmd_context *context, int c) {
  QuarantineCommand *command = quarantine_command(context);
  if (c == 'j') {
    command->is_recipients = true;
    return true;
  }
  unsigned seconds;
  const char *error;
  if (c == 'o' && parse_interval(optarg, &seconds, &error) < 0)
    die(EX_USAGE, std::string(context->cmd->name) + ": --older-than " + optarg + ": " + error +
                      " (30d, 12 weeks)");
  if (c == 'o') {
    command->before = ioloop_time - static_cast<time_t>(seconds);
    return true;
  }
  return keep_caller(context, c, command->caller) || keep_option(context, c,
                                                                 {{'c', &command->class_name},
                                                                  {'r', &command->from},
                                                                  {'n', &command->rule},
                                                                  {'s', &command->since},
                                                                  {'h', &command->held_for},
                                                                  {'t', &command->recipient},
                                                                  {'b', &command->subject},
                                                                  {'i', &command->domain},
                                                                  {'w', &command->held_because},
                                                                  {'x', &command->state_name},
                                                                  {'z', &command->limit},
                                                                  {'q', &command->sort},
                                                                  {'v', &command->search},
                                                                  {'g', &command->after}});
}

void require_ids(const doveadm_mail_cmd_context *context, const char *const args[]) {
  for (const char *const *id = args; *id != nullptr; id++) {
    if (!may_name_id(*id))
      die(EX_USAGE, std::string(context->cmd->name) + ": \"" + *id +
                        "\" is no quarantine id (32 hexadecimal digits or at least " +
                        std::to_string(min_id_prefix) +
                        " from its beginning, see doveadm smime quarantine list)");
  }
}

std::string ambiguous_text(const std::string &beginning, const std::set<std::string> &ids) {
  constexpr std::size_t most = 10;
  std::string text = beginning + " is the beginning of several ids:";
  std::size_t told = 0;
  for (const std::string &id : ids) {
    if (told++ == most)
      return text + " and " + std::to_string(ids.size() - most) + " more";
    text += " " + id;
  }
  return text;
}

// Of many users each is asked for his own; of one, another's may be meant.
HeldFor held_for(doveadm_mail_cmd_context *context) {
  const QuarantineCommand *command = quarantine_command(context);
  bool of_another = command->held_for != nullptr && context->iterate_single_user;
  return {of_another ? command->held_for : "",
          [command, context](const QuarantineRecord &record) {
            const Settings &settings = *user_context(context->cur_mail_user)->settings;
            if (!command->is_recipients && !acts_of(command->caller, settings, record).empty())
              command->state->others[record.id] = recipient_of(record);
          },
          &command->state->known, command->state->acting};
}

bool check_caller(doveadm_mail_cmd_context *context, const mail_user *user) {
  QuarantineCommand *command = quarantine_command(context);
  std::string wrong = wrong_caller(command->caller);
  if (wrong.empty() && command->is_recipients)
    command->caller.name = user->username;
  if (wrong.empty())
    return true;
  log_error(std::string(context->cmd->name) + ": " + wrong);
  context->exit_code = EX_USAGE;
  return false;
}

FindResult visit_known(doveadm_mail_cmd_context *context, mail_user *user, const std::string &id,
                       const VisitWithActs &visit, std::string &error,
                       const std::function<void(mail *)> &visit_foreign) {
  const Settings &settings = *user_context(user)->settings;
  const QuarantineCommand *command = quarantine_command(context);
  // No role of that name gives a recipient anything, nor does it take anything.
  const Caller caller = command->is_recipients ? Caller{} : command->caller;
  // Said to whatever name is given.
  error = void_roles_text(caller, settings);
  if (!error.empty())
    return FindResult::failed;
  // Whom no role names learns nothing, not even by how long it takes.
  if (acts_on_any(caller, settings).empty())
    return FindResult::no_mailbox;
  auto visit_with_acts = [&](mail *quarantined, const ParsedBlock &block) {
    Acts acts = command->is_recipients
                    ? acts_of_recipient(block.record, user->username, is_central(quarantined->box))
                    : acts_of(caller, settings, block.record);
    if (acts.empty())
      command->state->hidden.insert(block.record.id);
    return acts.empty() ? Visit::next : visit(quarantined, block, acts);
  };
  bool may_list_all = !command->is_recipients && acts_on_all(caller, settings).has(Act::list);
  return visit_quarantine(user, settings, id, visit_with_acts, error,
                          may_list_all ? visit_foreign : nullptr, held_for(context));
}

namespace {

// The ids in the user's quarantine that begin with one of those that were given.
bool find_ids(doveadm_mail_cmd_context *context, mail_user *user,
              std::map<std::string, std::set<std::string>> &found, std::string &error) {
  auto visit = [&](mail *, const ParsedBlock &block, Acts) {
    for (auto &[beginning, ids] : found) {
      if (block.record.id.starts_with(beginning))
        ids.insert(block.record.id);
    }
    return Visit::next;
  };
  if (visit_known(context, user, "", visit, error) == FindResult::failed)
    return false;
  // A user without a quarantine has none of them.
  error.clear();
  return true;
}

// Whole ids in place of what was given, each once; those that are not there, too. False with
// error set.
bool resolve_ids(doveadm_mail_cmd_context *context, mail_user *user,
                 std::vector<std::string> &wanted, std::string &error) {
  std::map<std::string, std::set<std::string>> found;
  for (const char *const *id = arguments_of(context); *id != nullptr; id++) {
    if (!is_quarantine_id(*id))
      found[*id];
  }
  if (!found.empty() && !find_ids(context, user, found, error))
    return false;
  for (const char *const *id = arguments_of(context); *id != nullptr; id++) {
    std::string whole = *id;
    if (auto ids = found.find(whole); ids != found.end() && !ids->second.empty()) {
      if (ids->second.size() > 1)
        error = ambiguous_text(whole, ids->second);
      whole = *ids->second.begin();
      quarantine_command(context)->state->named[ids->first].insert(ids->second.begin(),
                                                                   ids->second.end());
    }
    if (std::find(wanted.begin(), wanted.end(), whole) == wanted.end())
      wanted.push_back(whole);
  }
  return error.empty();
}

} // namespace

namespace {

// Of what expire is asked for: its time is over by the rule, if that is what counts, and no
// reviewer has it held until later. The book is read when nobody else acts on the message, and only
// for what the rule says is due. False with error set: it cannot be told, and the message stays.
bool is_time_over(doveadm_mail_cmd_context *context, mail_user *user,
                  const QuarantineRecord &record, std::string &error) {
  const QuarantineCommand *command = quarantine_command(context);
  auto promise = promise_of(record);
  if (command->by_promise && (!promise || !promise->is_due(ioloop_time)))
    return false;
  std::string reason;
  auto book = read_requests(user, reason);
  if (!book) {
    error = record.id + " is not expired: " + reason;
    return false;
  }
  command->state->book = std::move(*book);
  return kept_until(command->state->book, record.id) <= ioloop_time;
}

// unknown: what could not be told of a message.
FindResult with_unknown(FindResult result, const std::string &unknown, std::string &error) {
  if (unknown.empty())
    return result;
  error = unknown;
  return FindResult::failed;
}

} // namespace

bool matches(const QuarantineFilter &filter, mail *quarantined, const ParsedBlock &block) {
  auto report = report_of(block.record);
  if (!filter.matches(block.record, report ? &*report : nullptr))
    return false;
  bool in_envelope = !filter.text || envelope_has(block.record, *filter.text);
  if (in_envelope && !filter.subject)
    return true;
  HeldHeader header = read_held_header(quarantined, block);
  return (in_envelope || subject_has(header, *filter.text)) &&
         (!filter.subject || subject_has(header, *filter.subject));
}

FindResult visit_selected(doveadm_mail_cmd_context *context, mail_user *user,
                          const VisitWithActs &visit, std::vector<std::string> &missing,
                          std::string &error, const std::function<void(mail *)> &visit_foreign) {
  const QuarantineCommand *command = quarantine_command(context);
  CommandState &state = *command->state;
  QuarantineFilter filter = filter_of(command);
  std::size_t limit = selection_of(command).limit;
  const std::vector<std::string> *chosen =
      state.choice == nullptr ? nullptr : state.choice->ids_of(context->cctx->username);
  std::string unknown;
  auto visit_matching = [&](mail *quarantined, const ParsedBlock &block, Acts acts) {
    if (state.needed && !acts.has(*state.needed))
      return Visit::next;
    if (!matches(filter, quarantined, block)) {
      if (chosen != nullptr && arguments_of(context)[0] == nullptr)
        tell_of_other_message(context, user, block.record.id);
      return Visit::next;
    }
    if (command->spares_kept && !is_time_over(context, user, block.record, unknown))
      return Visit::next;
    if (limit != 0 && state.visited == limit)
      return Visit::stop;
    state.visited++;
    return visit(quarantined, block, acts);
  };
  for (const char *name : {static_cast<const char *>(user->username), context->cctx->username})
    state.visited_users.insert(name);
  if (chosen == nullptr && arguments_of(context)[0] == nullptr)
    return with_unknown(visit_known(context, user, "", visit_matching, error,
                                    filter.empty() && limit == 0 ? visit_foreign : nullptr),
                        unknown, error);
  std::vector<std::string> wanted;
  if (chosen != nullptr)
    wanted = *chosen;
  else if (!resolve_ids(context, user, wanted, error))
    return FindResult::failed;
  FindResult result = FindResult::done;
  for (const std::string &id : wanted) {
    bool found = false;
    auto visit_one = [&](mail *quarantined, const ParsedBlock &block, Acts acts) {
      found = true;
      return visit_matching(quarantined, block, acts) == Visit::expunge ? Visit::expunge_and_stop
                                                                        : Visit::stop;
    };
    FindResult searched = visit_known(context, user, id, visit_one, error);
    if (searched == FindResult::failed)
      result = FindResult::failed;
    else if (!found)
      missing.push_back(id);
    // Where there is no mailbox, its store may not be there.
    bool is_gone = searched == FindResult::done && !state.hidden.contains(id);
    if (chosen != nullptr && !found && searched != FindResult::failed && !state.counting)
      (is_gone ? state.choice->missing : state.choice->unreached)
          .emplace_back(id, context->cctx->username);
    if (found)
      quarantine_command(context)->state->named[id].insert(id);
  }
  return with_unknown(result, unknown, error);
}

std::string missing_text(doveadm_mail_cmd_context *context, const std::string &id) {
  const auto &others = quarantine_command(context)->state->others;
  auto other = others.lower_bound(id);
  if (other == others.end() || !other->first.starts_with(id))
    return "not in the quarantine (released or deleted before?)";
  return "held for " + other->second + ", not for this user: use -u " + other->second;
}

void report_strangers(doveadm_mail_cmd_context *context) {
  const CommandState &state = *quarantine_command(context)->state;
  if (context->iterate_single_user || arguments_of(context)[0] != nullptr ||
      state.choice != nullptr)
    return;
  std::map<std::string, std::size_t> strangers;
  for (const auto &[id, user] : state.others) {
    if (!state.visited_users.contains(user))
      strangers[user]++;
  }
  for (const auto &[user, count] : strangers)
    log_warning(std::to_string(count) + " more in the quarantine held for " + user +
                ", who is not among these users: doveadm smime quarantine list -u ANYONE "
                "--held-for " +
                user);
}

void report_nobodys(doveadm_mail_cmd_context *context) {
  if (context->iterate_single_user)
    return;
  if (quarantine_command(context)->state->choice != nullptr) {
    tell_of_choice(context);
    return;
  }
  const auto &named = quarantine_command(context)->state->named;
  for (const char *const *id = arguments_of(context); *id != nullptr; id++) {
    if (named.contains(*id))
      continue;
    const auto &others = quarantine_command(context)->state->others;
    auto other = others.lower_bound(*id);
    if (other != others.end() && other->first.starts_with(*id))
      log_error(std::string(*id) + " is held for " + other->second +
                ", who is not among these users: --held-for finds it");
    else
      log_error(std::string(*id) + " is in nobody's quarantine (released or deleted before?)");
    doveadm_mail_failed_error(context, MAIL_ERROR_NOTFOUND);
  }
}

void free_command(doveadm_mail_cmd_context *context) noexcept {
  QuarantineCommand *command = quarantine_command(context);
  delete std::exchange(command->state, nullptr);
  delete std::exchange(command->digest, nullptr);
  delete std::exchange(command->submission, nullptr);
}

doveadm_mail_cmd_context *alloc_quarantine_command(const char *print_type) {
  auto *command = doveadm_mail_cmd_alloc(QuarantineCommand);
  if (print_type != nullptr)
    doveadm_print_init(print_type);
  command->state = new CommandState;
  command->state->choice = take_choice();
  if (command->state->choice != nullptr)
    command->ctx.v.get_next_user = next_chosen_user;
  command->ctx.v.deinit = free_command;
  set_options(
      &command->ctx, SMIME_FILTER_OPTIONS,
      [](doveadm_mail_cmd_context *context, int c) noexcept { return parse_filter(context, c); });
  return &command->ctx;
}

void print_list_headers() {
  for (const char *name : {"id", "time", "mailbox", "from", "to", "class", "reason", "user",
                           "subject", "header_from", "header_from_address", "size", "until", "then",
                           "state", "requested_by", "requested_at", "rule"})
    doveadm_print_header_simple(name);
}

// Empty where it is held until somebody decides.
void print_promise(const QuarantineRecord &record, std::int64_t kept) {
  auto promise = promise_of(record, kept);
  print(promise ? format_time(promise->until) : "");
  print(promise ? std::string(name_of(promise->then)) : "");
}

namespace {

// --- list

void list_init(doveadm_mail_cmd_context *context, const char *const args[]) {
  check_recipient(context);
  check_filters(quarantine_command(context));
  quarantine_command(context)->state->needed = Act::list;
  if (args[0] != nullptr)
    doveadm_mail_help_name("smime quarantine list");
  print_list_headers();
}

// A recipient sees which rule it was, and not to whom else it tells what.
void print_rule(doveadm_mail_cmd_context *context, const QuarantineRecord &record) {
  bool whole = !quarantine_command(context)->is_recipients;
  print(whole ? record.rule : record.rule.substr(0, record.rule.find(": ")));
}

void print_header(const HeldHeader &header) {
  print(header.subject);
  print(header.from);
  print(header.from_address);
}

// Held, or requested by whom and when.
void print_state(mail *quarantined, const QuarantineRecord &record, const RequestBook &book) {
  auto asked = request_of(quarantined, record, book);
  print(std::string(name_of(asked ? HeldState::requested : HeldState::held)));
  print(asked ? asked->who : "");
  print(asked && asked->when != 0 ? format_time(asked->when) : "");
}

void print_held(doveadm_mail_cmd_context *context, mail_user *user, mail *quarantined,
                const ParsedBlock &block, const RequestBook &book) {
  const QuarantineRecord &record = block.record;
  auto report = report_of(record);
  print(record.id);
  print(record.time);
  print(record.mailbox);
  print(record.from);
  print(record.to);
  print(class_names_of(report));
  print(record.reason);
  print(is_central(quarantined->box) ? recipient_of(record) : std::string(user->username));
  print_header(read_held_header(quarantined, block));
  print(std::to_string(size_of_original(quarantined, block, report)));
  print_promise(record, kept_until(book, record.id));
  print_state(quarantined, record, book);
  print_rule(context, record);
}

// A message that is in the mailbox and not held.
void print_foreign(mail_user *user, mail *foreign) {
  time_t received = 0;
  (void)mail_get_received_date(foreign, &received);
  print("");
  print(format_time(received));
  for (int field = 0; field < 3; field++)
    print("");
  print("foreign");
  print("not held by this software: UID " + std::to_string(foreign->uid) + " of " +
        foreign->box->vname + ", which its owner does not see (see doveadm smime status)");
  print(user->username);
  print_header(read_header(foreign));
  uoff_t size = 0;
  (void)mail_get_physical_size(foreign, &size);
  print(std::to_string(size));
  for (int field = 0; field < 6; field++)
    print("");
}

int list_run(doveadm_mail_cmd_context *context, mail_user *user) {
  if (require_user_context(context, user) == nullptr)
    return -1;
  std::vector<std::string> missing;
  std::string error;
  std::size_t count = 0;
  const RequestBook book = read_requests_or_warn(user);
  auto result = visit_selected(
      context, user,
      [&](mail *quarantined, const ParsedBlock &block, Acts) {
        print_held(context, user, quarantined, block, book);
        count++;
        return Visit::next;
      },
      missing, error, [&](mail *foreign) { print_foreign(user, foreign); });
  tell_of_list(context, user, count);
  return result == FindResult::failed ? fail(context, user, error) : 0;
}

// --- show

void show_init(doveadm_mail_cmd_context *context, const char *const args[]) {
  check_recipient(context);
  require_ids(context, args);
  check_filters(quarantine_command(context));
  if (args[0] == nullptr && names_nothing(quarantine_command(context)))
    doveadm_mail_help_name("smime quarantine show");
  for (const char *name : {"id",
                           "time",
                           "mailbox",
                           "from",
                           "to",
                           "rule",
                           "reason",
                           "class",
                           "uninspectable",
                           "encrypted-to",
                           "strength",
                           "sha256",
                           "report",
                           "user",
                           "subject",
                           "header_from",
                           "header_from_address",
                           "size",
                           "until",
                           "then",
                           "state",
                           "requested_by",
                           "requested_at",
                           "requested_because",
                           "approved_by",
                           "kept_until",
                           "kept_by",
                           "kept_because",
                           "notes",
                           "acts"})
    doveadm_print_header_simple(name);
}

// "anna ben": whose approvals of a release there are.
std::string approvals_of(const QuarantineRecord &record, const RequestBook &book) {
  std::string names;
  auto entry = book.find(record.id);
  if (entry == book.end())
    return names;
  for (const Said &approval : entry->second.approvals)
    names += (names.empty() ? "" : " ") + approval.who;
  return names;
}

// What reviewers said, which is not for the recipient.
void print_words_of_reviewers(const QuarantineRecord &record, const RequestBook &book) {
  auto found = book.find(record.id);
  const RequestEntry entry = found == book.end() ? RequestEntry() : found->second;
  print(approvals_of(record, book));
  print(entry.kept ? format_time(entry.kept->until) : "");
  print(entry.kept ? entry.kept->said.who : "");
  print(entry.kept ? entry.kept->said.why : "");
  JsonWriter json;
  json.begin_list();
  for (const Said &note : entry.notes) {
    json.begin_object().put("when", format_time(note.when), max_line);
    json.put("who", note.who, 3 * max_line).put("text", note.why, 3 * max_line).end_object();
  }
  print(json.end_list().take());
}

// What who asks may do with it.
std::string acts_text(doveadm_mail_cmd_context *context, const QuarantineRecord &record,
                      Acts acts) {
  bool may_ask = quarantine_command(context)->is_recipients &&
                 may_of_recipient(record) >= RecipientMay::request;
  return names_of(acts) + (may_ask ? " request" : "");
}

void print_record(doveadm_mail_cmd_context *context, mail_user *user, mail *quarantined,
                  const ParsedBlock &block, Acts acts, const RequestBook &book) {
  const QuarantineRecord &record = block.record;
  print(record.id);
  print(record.time);
  print(record.mailbox);
  print(record.from);
  print(record.to);
  print_rule(context, record);
  print(record.reason);
  auto report = report_of(record);
  print(class_names_of(report));
  print(report ? uninspectable_text(*report) : "");
  print(report ? describe_recipients(*report) : "");
  print(report ? std::string(name_of(report->strength)) : "");
  print(record.sha256);
  print(record.report);
  print(is_central(quarantined->box) ? recipient_of(record) : std::string(user->username));
  print_header(read_held_header(quarantined, block));
  print(std::to_string(size_of_original(quarantined, block, report)));
  print_promise(record, kept_until(book, record.id));
  print_state(quarantined, record, book);
  auto asked = request_of(quarantined, record, book);
  print(asked ? asked->why : "");
  print_words_of_reviewers(record,
                           quarantine_command(context)->is_recipients ? RequestBook() : book);
  print(acts_text(context, record, acts));
}

int show_run(doveadm_mail_cmd_context *context, mail_user *user) {
  if (require_user_context(context, user) == nullptr)
    return -1;
  std::vector<std::string> missing;
  std::string error;
  int ret = 0;
  const RequestBook book = read_requests_or_warn(user);
  auto result = visit_selected(
      context, user,
      [&](mail *quarantined, const ParsedBlock &block, Acts acts) {
        if (!acts.has(Act::show)) {
          ret = refuse(context, user, block.record.id, Act::show);
          return Visit::next;
        }
        tell_of_look(context, user, block.record, "shown");
        print_record(context, user, quarantined, block, acts, book);
        return Visit::next;
      },
      missing, error);
  if (result == FindResult::failed)
    return fail(context, user, error);
  // Of several users one has it, and the others have nothing to say.
  if (!context->iterate_single_user)
    return ret;
  for (const std::string &id : missing) {
    log_error(user->event, id + " is " + missing_text(context, id));
    doveadm_mail_failed_error(context, MAIL_ERROR_NOTFOUND);
  }
  return missing.empty() ? ret : -1;
}

void show_deinit(doveadm_mail_cmd_context *context) noexcept {
  (void)guarded("doveadm smime quarantine show", false, [&] {
    report_nobodys(context);
    return true;
  });
  free_command(context);
}

void list_deinit(doveadm_mail_cmd_context *context) noexcept {
  end_lines_format();
  (void)guarded("doveadm smime quarantine list", false, [&] {
    report_strangers(context);
    return true;
  });
  free_command(context);
}

doveadm_mail_cmd_context *alloc_list() {
  init_lines_format();
  auto *context = alloc_quarantine_command(DOVEADM_PRINT_TYPE_TABLE);
  set_init(context, list_init);
  set_options(context, SMIME_FILTER_OPTIONS SMIME_RECIPIENT_OPTION "g:",
              [](doveadm_mail_cmd_context *of, int c) noexcept { return parse_filter(of, c); });
  context->v.deinit = list_deinit;
  context->v.run = run_guarded<list_run>;
  return context;
}

doveadm_mail_cmd_context *alloc_show() {
  auto *context = alloc_quarantine_command(DOVEADM_PRINT_TYPE_PAGER);
  set_options(context, SMIME_FILTER_OPTIONS SMIME_RECIPIENT_OPTION,
              [](doveadm_mail_cmd_context *of, int c) noexcept { return parse_filter(of, c); });
  set_init(context, show_init);
  context->v.deinit = show_deinit;
  context->v.run = run_guarded<show_run>;
  return context;
}

const auto list_parameters =
    filter_parameters(parameter('g', "after", CMD_PARAM_STR), recipient_parameter());
const auto show_parameters =
    filter_parameters(recipient_parameter(), positional("id", CMD_PARAM_ARRAY));

} // namespace

doveadm_cmd_ver2 command_quarantine_list = {quarantine_command_or_register,
                                            alloc_list,
                                            "smime quarantine list",
                                            "[-u <user>|-A] [-S <socket_path>] " SMIME_FILTERS
                                            "[--after <time id user>] [--recipient]",
                                            CMD_FLAG_NONE,
                                            list_parameters.data()};
doveadm_cmd_ver2 command_quarantine_show = {quarantine_command_or_register,
                                            alloc_show,
                                            "smime quarantine show",
                                            "[-u <user>|-A] [-S <socket_path>] " SMIME_FILTERS
                                            "[--recipient] [<id> ...]",
                                            CMD_FLAG_NONE,
                                            show_parameters.data()};

} // namespace smime
