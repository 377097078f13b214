// doveadm smime quarantine release, reject, delete and expire.
#include "plugin/doveadm/quarantine.h"

#include "plugin/doveadm/approval.h"
#include "plugin/doveadm/confirm.h"
#include "plugin/doveadm/given-token.h"
#include "plugin/doveadm/release.h"
#include "plugin/quarantine/mailbox.h"
#include "plugin/quarantine/promise.h"
#include "plugin/quarantine/recipient.h"
#include "plugin/quarantine/register-note.h"

namespace smime {
namespace {

// What is told of one message.
struct ActResult {
  ReleaseResult result = ReleaseResult::failed;
  HeldState state = HeldState::released;
  // "released", or what else became of it.
  std::string done;
  // Where it is now; empty if nowhere.
  std::string mailbox;
  std::string error;
  // Why, where nobody gave another reason.
  std::string reason;
};

void send_outcome_event(doveadm_mail_cmd_context *context, mail_user *user,
                        const QuarantineRecord &record, const ActResult &outcome) {
  const QuarantineCommand *command = quarantine_command(context);
  EventFields fields(user);
  if (command->held_for != nullptr)
    fields.user = recipient_of(record);
  fields.mailbox = outcome.mailbox;
  fields.classes = class_names_of(report_of(record));
  fields.action = outcome.done;
  fields.id = record.id;
  fields.sha256 = record.sha256;
  add_caller(fields, has_token(context) ? bearer(context, user) : command->caller, context, user);
  if (fields.reason.empty())
    fields.reason = outcome.reason;
  send_event(user->event, event_message_released, EventLevel::info, fields,
             "quarantine id " + record.id + ": " + outcome.done +
                 (outcome.mailbox.empty() ? "" : " to mailbox " + outcome.mailbox) + " by " +
                 actor_text(fields) + reason_text(fields));
  note_held_change(user, *user_context(user)->settings, record,
                   {outcome.state, actor_text(fields), fields.reason, fields.user});
}

void print_outcome(const std::string &id, const std::string &result, const std::string &mailbox) {
  print(id);
  print(result);
  print(mailbox);
}

// Prints one line for each message. One that fails does not stop the others. needed: what the
// caller must be allowed to do. plan says what is to be done, act does it.
template <typename Needed, typename Plan, typename Do>
int act_on_selected(doveadm_mail_cmd_context *context, mail_user *user, Needed needed_for,
                    Plan plan, Do act) {
  if (require_user_context(context, user) == nullptr)
    return -1;
  std::string error;
  if (is_counting(context)) {
    // What cannot be read is told in the pass that acts.
    (void)count_selected(context, user, error);
    return 0;
  }
  if (!confirm_single_user(context, user))
    return -1;
  int ret = 0;
  quarantine_command(context)->state->acting = true;
  auto visit = [&](mail *quarantined, const ParsedBlock &block, Acts acts) {
    Act needed = needed_for(block);
    if (!acts.has(needed)) {
      print_outcome(block.record.id, "failed: " + refusal_of(context, needed), "");
      ret = refuse(context, user, block.record.id, needed);
      return Visit::next;
    }
    if (auto fault =
            has_token(context) ? fault_of_rule(block.record, TokenAct::release) : TokenFault::none;
        fault != TokenFault::none) {
      print_outcome(block.record.id, "refused: " + std::string(name_of(fault)), "");
      ret = refuse_token(context, user, fault);
      return Visit::next;
    }
    if (needed == Act::release && !is_of_recipient(context)) {
      std::string text;
      switch (approve_release(context, user, quarantined, block.record, text)) {
      case Approval::enough: break;
      case Approval::waits:
        print_outcome(block.record.id, "approved; " + text, "");
        context->exit_code = approval_exit_code;
        ret = -1;
        return Visit::next;
      case Approval::failed:
        print_outcome(block.record.id, "failed: " + text, "");
        ret = fail(context, user, block.record.id + ": " + text);
        return Visit::next;
      }
    }
    ActResult outcome = plan(block);
    if (quarantine_command(context)->dry_run) {
      print_outcome(block.record.id, "would be " + outcome.done, outcome.mailbox);
      return Visit::next;
    }
    outcome.result = act(quarantined, block, outcome);
    switch (outcome.result) {
    case ReleaseResult::released:
      send_outcome_event(context, user, block.record, outcome);
      print_outcome(block.record.id, outcome.done, outcome.mailbox);
      return Visit::expunge;
    case ReleaseResult::was_released:
      // Where a client copied it out, that was the act, and is told.
      if (!is_marked_released(quarantined))
        send_outcome_event(context, user, block.record, outcome);
      print_outcome(block.record.id, "was already released; taken out of the quarantine",
                    outcome.mailbox);
      return Visit::expunge;
    case ReleaseResult::not_found:
    case ReleaseResult::failed: break;
    }
    print_outcome(block.record.id, "failed: " + outcome.error, outcome.mailbox);
    ret = fail(context, user, block.record.id + ": " + outcome.error);
    return Visit::next;
  };
  std::vector<std::string> missing;
  if (visit_selected(context, user, visit, missing, error) == FindResult::failed)
    ret = fail(context, user, error);
  if (!context->iterate_single_user)
    return ret;
  for (const std::string &id : missing) {
    // Who has a token of ours knows that the message was held.
    if (has_token(context)) {
      print_outcome(id, "refused: " + std::string(name_of(TokenFault::used)), "");
      return refuse_token(context, user, TokenFault::used);
    }
    print_outcome(id, missing_text(context, id), "");
    doveadm_mail_failed_error(context, MAIL_ERROR_NOTFOUND);
    ret = -1;
  }
  return ret;
}

template <Act act> Act always(const ParsedBlock &) { return act; }

void print_headers() {
  for (const char *name : {"id", "result", "mailbox"})
    doveadm_print_header_simple(name);
}

// Nothing is done to everything by leaving out a word.
void act_init(doveadm_mail_cmd_context *context, const char *const args[]) {
  require_ids(context, args);
  check_filters(quarantine_command(context));
  if (args[0] == nullptr && names_nothing(quarantine_command(context)))
    doveadm_mail_help_name(context->cmd->name);
  print_headers();
  prepare_count(context);
}

void act_deinit(doveadm_mail_cmd_context *context) noexcept {
  (void)guarded("doveadm smime quarantine", false, [&] {
    report_nobodys(context);
    report_strangers(context);
    return true;
  });
  free_command(context);
}

// Takes one of the options that all acts have; false if it is none.
bool parse_act_option(doveadm_mail_cmd_context *context, int c) noexcept {
  QuarantineCommand *command = quarantine_command(context);
  if (c != 'y' && c != 'd')
    return parse_filter(context, c);
  (c == 'y' ? command->yes : command->dry_run) = true;
  return true;
}

#define ACT_OPTIONS SMIME_FILTER_OPTIONS "yd"

doveadm_mail_cmd_context *alloc_act() {
  auto *context = alloc_quarantine_command(DOVEADM_PRINT_TYPE_TABLE);
  set_options(context, ACT_OPTIONS, parse_act_option);
  set_init(context, act_init);
  context->v.deinit = act_deinit;
  return context;
}

template <typename... Own> auto act_parameters(const Own &...own) {
  return filter_parameters(parameter('y', "yes", CMD_PARAM_BOOL),
                           parameter('d', "dry-run", CMD_PARAM_BOOL), own...);
}

// --- release

int release_run(doveadm_mail_cmd_context *context, mail_user *user) {
  QuarantineCommand *command = quarantine_command(context);
  if (has_token(context)) {
    TokenFault fault = fault_of_token(context, user, TokenAct::release);
    if (fault != TokenFault::none)
      return refuse_token(context, user, fault);
  }
  auto plan = [&](const ParsedBlock &block) {
    ActResult outcome;
    outcome.done = command->refilter ? "delivered anew" : "released";
    if (!command->refilter)
      outcome.mailbox = command->mailbox == nullptr ? block.record.mailbox : command->mailbox;
    return outcome;
  };
  auto act = [&](mail *quarantined, const ParsedBlock &block, ActResult &outcome) {
    bool named = command->mailbox != nullptr && context->iterate_single_user;
    if (!may_go_to(user, quarantined, block.record, named, outcome.error))
      return ReleaseResult::failed;
    if (command->refilter)
      return refilter_message(user, quarantined, block, outcome.error);
    return release_message(user, *user_context(user)->settings, outcome.mailbox, quarantined, block,
                           outcome.error);
  };
  return act_on_selected(context, user, always<Act::release>, plan, act);
}

bool release_parse_arg(doveadm_mail_cmd_context *context, int c) noexcept {
  QuarantineCommand *command = quarantine_command(context);
  if (c == 'l') {
    command->refilter = true;
    return true;
  }
  return parse_act_option(context, c) ||
         keep_option(context, c, {{'m', &command->mailbox}, {'k', &command->token}});
}

void release_init(doveadm_mail_cmd_context *context, const char *const args[]) {
  QuarantineCommand *command = quarantine_command(context);
  if (command->refilter && command->mailbox != nullptr)
    die(EX_USAGE, std::string(context->cmd->name) +
                      ": --refilter lets Sieve choose the mailbox: --mailbox does not go with it");
  if (has_token(context) &&
      (command->refilter || command->mailbox != nullptr || !filter_of(command).empty()))
    die(EX_USAGE, std::string(context->cmd->name) +
                      ": --token has the message delivered to its recipient: --mailbox, --refilter "
                      "and filters do not go with it");
  check_recipient(context);
  if (command->is_recipients &&
      (command->refilter || command->mailbox != nullptr || args[0] == nullptr))
    die(EX_USAGE, std::string(context->cmd->name) +
                      ": --recipient has messages delivered to their recipient: it wants ids, and "
                      "--mailbox and --refilter do not go with it");
  act_init(context, args);
  prepare_token(context, args);
}

doveadm_mail_cmd_context *alloc_release() {
  auto *context = alloc_act();
  // --refilter starts dovecot-lda, which becomes the user by itself.
  context->service_flags = static_cast<mail_storage_service_flags>(
      context->service_flags | MAIL_STORAGE_SERVICE_FLAG_TEMP_PRIV_DROP);
  set_options(context, ACT_OPTIONS SMIME_RECIPIENT_OPTION "m:lk:", release_parse_arg);
  set_init(context, release_init);
  context->v.run = run_guarded<release_run>;
  return context;
}

// --- reject

void reject_init(doveadm_mail_cmd_context *context, const char *const args[]) {
  act_init(context, args);
  std::string error;
  quarantine_command(context)->submission = Submission::create(error).release();
  if (quarantine_command(context)->submission == nullptr)
    die(EX_CONFIG, std::string(context->cmd->name) + ": " + error);
}

// The original's header; empty if it cannot be read.
std::string header_of(mail *quarantined, const ParsedBlock &block) {
  istream *stored;
  if (mail_get_stream(quarantined, nullptr, nullptr, &stored) < 0)
    return {};
  StreamPtr original = open_original(stored, block);
  const unsigned char *data;
  std::size_t size;
  (void)i_stream_read_bytes(original.get(), &data, &size, max_returned_header);
  std::string text(reinterpret_cast<const char *>(data), size);
  std::string header;
  std::size_t start = 0;
  for (std::size_t end; (end = text.find('\n', start)) != std::string::npos; start = end + 1) {
    std::string line = text.substr(start, end - start);
    if (line.ends_with('\r'))
      line.pop_back();
    if (line.empty())
      break;
    header += line + "\r\n";
  }
  return header;
}

bool has_sender(const QuarantineRecord &record) {
  return record.from.find('@') != std::string::npos;
}

ReleaseResult send_rejection(QuarantineCommand *command, mail_user *user, mail *quarantined,
                             const ParsedBlock &block, ActResult &outcome) {
  const QuarantineRecord &record = block.record;
  if (!has_sender(record))
    return ReleaseResult::released;
  if (command->submission == nullptr) {
    outcome.error = command->state->submission_error;
    return ReleaseResult::failed;
  }
  std::string reason = command->caller.reason == nullptr ? record.reason : command->caller.reason;
  if (!command->submission->prepare(user, outcome.error))
    return ReleaseResult::failed;
  const Submission &submission = *command->submission;
  // Sent again, after an end between the mail and the removal, it is the same mail.
  MailHead head = submission.head_to(record.from);
  head.unique = record.id;
  std::string text = format_rejection(head, record, reason, header_of(quarantined, block));
  return submission.send(record.from, text, outcome.error) ? ReleaseResult::released
                                                           : ReleaseResult::failed;
}

int reject_run(doveadm_mail_cmd_context *context, mail_user *user) {
  auto plan = [](const ParsedBlock &block) {
    ActResult outcome;
    outcome.state = HeldState::rejected;
    outcome.done = has_sender(block.record) ? "rejected" : "rejected; there is no sender to tell";
    return outcome;
  };
  auto act = [&](mail *quarantined, const ParsedBlock &block, ActResult &outcome) {
    return send_rejection(quarantine_command(context), user, quarantined, block, outcome);
  };
  return act_on_selected(context, user, always<Act::reject>, plan, act);
}

doveadm_mail_cmd_context *alloc_reject() {
  auto *context = alloc_act();
  set_init(context, reject_init);
  context->v.run = run_guarded<reject_run>;
  return context;
}

// --- delete and expire

int remove_run(doveadm_mail_cmd_context *context, mail_user *user, HeldState state) {
  auto plan = [&](const ParsedBlock &) {
    ActResult outcome;
    outcome.state = state;
    outcome.done = name_of(state);
    return outcome;
  };
  auto act = [](mail *, const ParsedBlock &, ActResult &) { return ReleaseResult::released; };
  return act_on_selected(context, user, always<Act::remove>, plan, act);
}

int delete_run(doveadm_mail_cmd_context *context, mail_user *user) {
  return remove_run(context, user, HeldState::deleted);
}

doveadm_mail_cmd_context *alloc_delete() {
  auto *context = alloc_act();
  context->v.run = run_guarded<delete_run>;
  return context;
}

void expire_init(doveadm_mail_cmd_context *context, const char *const args[]) {
  QuarantineCommand *command = quarantine_command(context);
  if (args[0] != nullptr)
    doveadm_mail_help_name("smime quarantine expire");
  command->by_promise = command->before == 0;
  command->spares_kept = true;
  check_filters(command);
  print_headers();
  // What is to be rejected stays if nobody can be told, and the rest is done.
  if (command->by_promise)
    command->submission = Submission::create(command->state->submission_error).release();
  prepare_count(context);
}

ActResult plan_promised(const ParsedBlock &block, const Promise &promise) {
  ActResult outcome;
  outcome.reason = "held until " + format_time(promise.until) + " by " +
                   block.record.rule.substr(0, block.record.rule.find(": "));
  switch (promise.then) {
  case Then::remove:
    outcome.state = HeldState::expired;
    outcome.done = name_of(outcome.state);
    break;
  case Then::release:
    outcome.done = "released";
    outcome.mailbox = block.record.mailbox;
    break;
  case Then::reject:
    outcome.state = HeldState::rejected;
    outcome.done = has_sender(block.record) ? "rejected" : "rejected; there is no sender to tell";
    break;
  }
  return outcome;
}

// What a rule said when it held the message. Only what is due is asked for.
int run_promises(doveadm_mail_cmd_context *context, mail_user *user) {
  const RequestBook &book = quarantine_command(context)->state->book;
  auto plan = [&](const ParsedBlock &block) {
    return plan_promised(block, promise_of(block.record, book).value());
  };
  auto act = [&](mail *quarantined, const ParsedBlock &block, ActResult &outcome) {
    switch (promise_of(block.record, book).value().then) {
    case Then::remove: break;
    case Then::release:
      return may_go_to(user, quarantined, block.record, false, outcome.error)
                 ? release_message(user, *user_context(user)->settings, outcome.mailbox,
                                   quarantined, block, outcome.error)
                 : ReleaseResult::failed;
    case Then::reject:
      return send_rejection(quarantine_command(context), user, quarantined, block, outcome);
    }
    return ReleaseResult::released;
  };
  auto needed = [](const ParsedBlock &block) { return promise_of(block.record).value().act(); };
  return act_on_selected(context, user, needed, plan, act);
}

int expire_run(doveadm_mail_cmd_context *context, mail_user *user) {
  return quarantine_command(context)->by_promise ? run_promises(context, user)
                                                 : remove_run(context, user, HeldState::expired);
}

doveadm_mail_cmd_context *alloc_expire() {
  auto *context = alloc_act();
  set_init(context, expire_init);
  context->v.run = run_guarded<expire_run>;
  return context;
}

const auto ids = positional("id", CMD_PARAM_ARRAY);
const auto release_parameters = act_parameters(
    parameter('m', "mailbox", CMD_PARAM_STR), parameter('l', "refilter", CMD_PARAM_BOOL),
    parameter('k', "token", CMD_PARAM_STR), recipient_parameter(), ids);
const auto reject_parameters = act_parameters(ids);
const auto delete_parameters = act_parameters(ids);
const auto expire_parameters = act_parameters();

#define SELECTION "[-u <user>|-A] [-S <socket_path>] " SMIME_FILTERS "[--yes] [--dry-run] "

} // namespace

doveadm_cmd_ver2 command_quarantine_release = {
    quarantine_command_or_register,
    alloc_release,
    "smime quarantine release",
    SELECTION "[--mailbox <mailbox>|--refilter|--token <token>|-|--recipient] [<id> ...]",
    CMD_FLAG_NONE,
    release_parameters.data()};
doveadm_cmd_ver2 command_quarantine_reject = {
    quarantine_command_or_register, alloc_reject,  "smime quarantine reject",
    SELECTION "[<id> ...]",         CMD_FLAG_NONE, reject_parameters.data()};
doveadm_cmd_ver2 command_quarantine_delete = {
    quarantine_command_or_register, alloc_delete,  "smime quarantine delete",
    SELECTION "[<id> ...]",         CMD_FLAG_NONE, delete_parameters.data()};
doveadm_cmd_ver2 command_quarantine_expire = {quarantine_command_or_register,
                                              alloc_expire,
                                              "smime quarantine expire",
                                              SELECTION,
                                              CMD_FLAG_NONE,
                                              expire_parameters.data()};

} // namespace smime
