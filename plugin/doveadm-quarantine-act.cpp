// doveadm smime quarantine release, reject, delete and expire.
#include "doveadm-quarantine.h"

#include "quarantine-mailbox.h"
#include "release.h"

#include <pwd.h>
#include <unistd.h>

namespace smime {
namespace {

// What is told of one message.
struct Outcome {
  ReleaseResult result = ReleaseResult::failed;
  // "released", or what else became of it.
  std::string done;
  // Where it is now; empty if nowhere.
  std::string mailbox;
  std::string error;
};

// Who is at doveadm: the login behind sudo, or the doveadm server's client.
void add_operator(EventFields &fields, const doveadm_mail_cmd_context *context) {
  if (context->cctx != nullptr && context->cctx->conn_type != DOVEADM_CONNECTION_TYPE_CLI) {
    fields.actor = "doveadm server";
    if (context->cctx->remote_ip.family != 0)
      fields.remote_ip = net_ip2addr(&context->cctx->remote_ip);
    return;
  }
  const char *name = getenv("SUDO_USER");
  const passwd *entry = name == nullptr ? getpwuid(getuid()) : nullptr;
  if (entry != nullptr)
    name = entry->pw_name;
  fields.actor = name == nullptr ? "uid " + std::to_string(getuid()) : std::string(name);
}

void send_outcome_event(doveadm_mail_cmd_context *context, mail_user *user,
                        const QuarantineRecord &record, const Outcome &outcome) {
  EventFields fields;
  fields.mailbox = outcome.mailbox;
  fields.classes = class_names_of(report_of(record));
  fields.action = outcome.done;
  fields.id = record.id;
  fields.sha256 = record.sha256;
  add_operator(fields, context);
  send_event(user->event, event_message_released, EventLevel::info, fields,
             "quarantine id " + record.id + ": " + outcome.done +
                 (outcome.mailbox.empty() ? "" : " to mailbox " + outcome.mailbox) + " by " +
                 fields.actor);
}

void print_outcome(const std::string &id, const std::string &result, const std::string &mailbox) {
  print(id);
  print(result);
  print(mailbox);
}

// Prints one line for each message. One that fails does not stop the others.
template <typename Act>
int act_on_selected(doveadm_mail_cmd_context *context, mail_user *user, Act act) {
  if (require_user_context(context, user) == nullptr)
    return -1;
  int ret = 0;
  auto visit = [&](mail *quarantined, const ParsedBlock &block) {
    Outcome outcome = act(quarantined, block);
    switch (outcome.result) {
    case ReleaseResult::released:
      send_outcome_event(context, user, block.record, outcome);
      print_outcome(block.record.id, outcome.done, outcome.mailbox);
      return Visit::expunge;
    case ReleaseResult::was_released:
      send_outcome_event(context, user, block.record, outcome);
      print_outcome(block.record.id, "was already released; taken out of the quarantine",
                    outcome.mailbox);
      return Visit::expunge;
    case ReleaseResult::not_found:
    case ReleaseResult::failed:
      break;
    }
    print_outcome(block.record.id, "failed: " + outcome.error, outcome.mailbox);
    ret = fail(context, user, block.record.id + ": " + outcome.error);
    return Visit::next;
  };
  std::vector<std::string> missing;
  std::string error;
  if (visit_selected(context, user, visit, missing, error) == FindResult::failed)
    ret = fail(context, user, error);
  for (const std::string &id : missing) {
    print_outcome(id, "not in the quarantine (released or deleted before?)", "");
    doveadm_mail_failed_error(context, MAIL_ERROR_NOTFOUND);
    ret = -1;
  }
  return ret;
}

void print_headers() {
  for (const char *name : {"id", "result", "mailbox"})
    doveadm_print_header_simple(name);
}

// Nothing is done to everything by leaving out a word.
void act_init(doveadm_mail_cmd_context *context, const char *const args[]) {
  require_ids(context, args);
  if (args[0] == nullptr && filter_of(quarantine_command(context)).empty())
    doveadm_mail_help_name(context->cmd->name);
  print_headers();
}

// --- release

int release_run(doveadm_mail_cmd_context *context, mail_user *user) {
  QuarantineCommand *command = quarantine_command(context);
  return act_on_selected(context, user, [&](mail *quarantined, const ParsedBlock &block) {
    Outcome outcome;
    outcome.done = "released";
    if (command->refilter) {
      outcome.done = "delivered anew";
      outcome.result = refilter_message(user, quarantined, block, outcome.error);
      return outcome;
    }
    outcome.mailbox = command->mailbox == nullptr ? block.record.mailbox : command->mailbox;
    outcome.result = release_message(user, *user_context(user)->settings, outcome.mailbox,
                                     quarantined, block, outcome.error);
    return outcome;
  });
}

bool release_parse_arg(doveadm_mail_cmd_context *context, int c) noexcept {
  QuarantineCommand *command = quarantine_command(context);
  if (c == 'l') {
    command->refilter = true;
    return true;
  }
  return parse_filter(context, c) || keep_option(context, c, {{'m', &command->mailbox}});
}

void release_init(doveadm_mail_cmd_context *context, const char *const args[]) {
  QuarantineCommand *command = quarantine_command(context);
  if (command->refilter && command->mailbox != nullptr)
    i_fatal_status(EX_USAGE, "%s: --refilter lets Sieve choose the mailbox: --mailbox does not go "
                             "with it",
                   context->cmd->name);
  act_init(context, args);
}

doveadm_mail_cmd_context *alloc_release() {
  auto *context = alloc_quarantine_command(DOVEADM_PRINT_TYPE_TABLE);
  // --refilter starts dovecot-lda, which becomes the user by itself.
  context->service_flags = static_cast<mail_storage_service_flags>(
      context->service_flags | MAIL_STORAGE_SERVICE_FLAG_TEMP_PRIV_DROP);
  set_options(context, "c:r:n:s:m:l", release_parse_arg);
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
    i_fatal_status(EX_CONFIG, "%s: %s", context->cmd->name, error.c_str());
}

void command_deinit(doveadm_mail_cmd_context *context) noexcept {
  delete quarantine_command(context)->submission;
  quarantine_command(context)->submission = nullptr;
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

int reject_run(doveadm_mail_cmd_context *context, mail_user *user) {
  QuarantineCommand *command = quarantine_command(context);
  return act_on_selected(context, user, [&](mail *quarantined, const ParsedBlock &block) {
    Outcome outcome;
    const QuarantineRecord &record = block.record;
    if (record.from.find('@') == std::string::npos) {
      outcome.result = ReleaseResult::released;
      outcome.done = "rejected; there is no sender to tell";
      return outcome;
    }
    std::string reason = command->reason == nullptr ? record.reason : command->reason;
    const Submission &submission = *command->submission;
    if (command->submission->prepare(user, outcome.error) &&
        submission.send(record.from,
                        format_rejection(submission.head_to(record.from), record, reason,
                                         header_of(quarantined, block)),
                        outcome.error))
      outcome.result = ReleaseResult::released;
    outcome.done = "rejected";
    return outcome;
  });
}

bool reject_parse_arg(doveadm_mail_cmd_context *context, int c) noexcept {
  return parse_filter(context, c) ||
         keep_option(context, c, {{'e', &quarantine_command(context)->reason}});
}

doveadm_mail_cmd_context *alloc_reject() {
  auto *context = alloc_quarantine_command(DOVEADM_PRINT_TYPE_TABLE);
  set_options(context, "c:r:n:s:e:", reject_parse_arg);
  set_init(context, reject_init);
  context->v.run = run_guarded<reject_run>;
  context->v.deinit = command_deinit;
  return context;
}

// --- delete and expire

int remove_run(doveadm_mail_cmd_context *context, mail_user *user, const char *done) {
  return act_on_selected(context, user, [&](mail *, const ParsedBlock &) {
    Outcome outcome;
    outcome.result = ReleaseResult::released;
    outcome.done = done;
    return outcome;
  });
}

int delete_run(doveadm_mail_cmd_context *context, mail_user *user) {
  return remove_run(context, user, "deleted");
}

doveadm_mail_cmd_context *alloc_delete() {
  auto *context = alloc_quarantine_command(DOVEADM_PRINT_TYPE_TABLE);
  set_init(context, act_init);
  context->v.run = run_guarded<delete_run>;
  return context;
}

bool expire_parse_arg(doveadm_mail_cmd_context *context, int c) noexcept {
  if (c != 'o')
    return parse_filter(context, c);
  unsigned seconds;
  const char *error;
  if (parse_interval(optarg, &seconds, &error) < 0)
    i_fatal_status(EX_USAGE, "%s: --older-than %s: %s (30d, 12 weeks)", context->cmd->name, optarg,
                   error);
  quarantine_command(context)->before = ioloop_time - static_cast<time_t>(seconds);
  return true;
}

void expire_init(doveadm_mail_cmd_context *context, const char *const args[]) {
  if (args[0] != nullptr || quarantine_command(context)->before == 0)
    doveadm_mail_help_name("smime quarantine expire");
  (void)filter_of(quarantine_command(context));
  print_headers();
}

int expire_run(doveadm_mail_cmd_context *context, mail_user *user) {
  return remove_run(context, user, "expired");
}

doveadm_mail_cmd_context *alloc_expire() {
  auto *context = alloc_quarantine_command(DOVEADM_PRINT_TYPE_TABLE);
  set_options(context, "c:r:n:s:o:", expire_parse_arg);
  set_init(context, expire_init);
  context->v.run = run_guarded<expire_run>;
  return context;
}

const auto ids = positional("id", CMD_PARAM_ARRAY);
const auto release_parameters =
    filter_parameters(parameter('m', "mailbox", CMD_PARAM_STR),
                      parameter('l', "refilter", CMD_PARAM_BOOL), ids);
const auto reject_parameters = filter_parameters(parameter('e', "reason", CMD_PARAM_STR), ids);
const auto delete_parameters = filter_parameters(ids);
const auto expire_parameters = filter_parameters(parameter('o', "older-than", CMD_PARAM_STR));

#define SELECTION                                                                                  \
  "-u <user>|-A [-S <socket_path>] [--class <class>] [--from <pattern>] [--rule <text>] "         \
  "[--since <date>] "

} // namespace

doveadm_cmd_ver2 command_quarantine_release = {
    nullptr,
    alloc_release,
    "smime quarantine release",
    SELECTION "[--mailbox <mailbox>|--refilter] [<id> ...]",
    CMD_FLAG_NONE,
    release_parameters.data()};
doveadm_cmd_ver2 command_quarantine_reject = {nullptr,
                                              alloc_reject,
                                              "smime quarantine reject",
                                              SELECTION "[--reason <text>] [<id> ...]",
                                              CMD_FLAG_NONE,
                                              reject_parameters.data()};
doveadm_cmd_ver2 command_quarantine_delete = {nullptr,       alloc_delete, "smime quarantine delete",
                                              SELECTION "[<id> ...]", CMD_FLAG_NONE,
                                              delete_parameters.data()};
doveadm_cmd_ver2 command_quarantine_expire = {nullptr,       alloc_expire, "smime quarantine expire",
                                              SELECTION "--older-than <time>", CMD_FLAG_NONE,
                                              expire_parameters.data()};

} // namespace smime
