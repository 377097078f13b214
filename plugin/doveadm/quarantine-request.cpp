// doveadm smime quarantine request: the recipient asks the reviewers for a held message. He does
// so himself with the token of a notice, which a front end gives on, or has somebody enter it who
// may see the message.
//
// The book has it first (quarantine/request-store.h), then the mark of the message; where a
// process ends in between, the same request is completed by the next one.
#include "plugin/doveadm/quarantine.h"

#include "plugin/doveadm/given-token.h"
#include "plugin/quarantine/mailbox.h"
#include "plugin/quarantine/original-header.h"
#include "plugin/quarantine/recipient.h"
#include "plugin/quarantine/register-note.h"
#include "plugin/quarantine/request-store.h"
#include "plugin/store/keywords.h"

#include <algorithm>

namespace smime {
namespace {

constexpr const char *done = "requested";
constexpr const char *done_before = "was requested before";

void print_result(const std::string &id, const std::string &result, const Said &said) {
  print(id);
  print(result);
  print(said.who);
  print(said.when == 0 ? "" : format_time(said.when));
}

void print_failure(const std::string &id, const std::string &why) { print_result(id, why, {}); }

bool is_marked(mail *held) {
  auto keywords = keywords_of(held);
  return std::find(keywords.begin(), keywords.end(), requested_keyword) != keywords.end();
}

RequestEntry entry_of(mail *held, const ParsedBlock &block) {
  HeldHeader header = read_held_header(held, block);
  RequestEntry entry;
  entry.time = block.record.time;
  entry.from = header.from;
  entry.sender = block.record.from;
  entry.to = block.record.to;
  entry.subject = header.subject;
  return entry;
}

// Puts it into the book unless it is there. entry has what is there then. False with error set.
bool write_down(mail_user *user, const std::string &id, RequestEntry &entry, std::string &error) {
  auto change = [&](RequestBook &book) {
    auto [place, is_new] = book.try_emplace(id, entry);
    bool asks_anew = !place->second.asked;
    if (asks_anew && !is_new) {
      // It has the words of reviewers alone.
      entry.approvals = place->second.approvals;
      entry.kept = place->second.kept;
      entry.notes = place->second.notes;
      place->second = entry;
    }
    entry = place->second;
    return is_new || asks_anew;
  };
  return change_requests(user, change, error);
}

class Request {
public:
  Request(doveadm_mail_cmd_context *context, mail_user *user) : context_(context), user_(user) {}

  int run() {
    if (has_token(context_)) {
      TokenFault fault = fault_of_token(context_, user_, TokenAct::request);
      if (fault != TokenFault::none)
        return refuse_token(context_, user_, fault);
    }
    std::vector<std::string> missing;
    std::string error;
    auto visit = [&](mail *held, const ParsedBlock &block, Acts acts) {
      ask(held, block, acts);
      return Visit::next;
    };
    if (visit_selected(context_, user_, visit, missing, error) == FindResult::failed)
      ret_ = fail(context_, user_, error);
    for (const std::string &id : missing)
      is_missing(id);
    return ret_;
  }

private:
  void is_missing(const std::string &id) {
    // Who has a token of ours knows that the message was held.
    if (has_token(context_)) {
      ret_ = refuse_token(context_, user_, TokenFault::used);
      return;
    }
    if (!context_->iterate_single_user)
      return;
    print_failure(id, missing_text(context_, id));
    doveadm_mail_failed_error(context_, MAIL_ERROR_NOTFOUND);
    ret_ = -1;
  }

  void ask(mail *held, const ParsedBlock &block, Acts acts) {
    const std::string &id = block.record.id;
    if (quarantine_command(context_)->is_recipients &&
        may_of_recipient(block.record) < RecipientMay::request) {
      constexpr const char *text = "its recipient may not request it (recipient= of its rule)";
      print_failure(id, std::string("failed: ") + text);
      log_error(user_->event, id + ": " + text);
      doveadm_mail_failed_error(context_, MAIL_ERROR_PERM);
      ret_ = -1;
      return;
    }
    if (has_token(context_)) {
      if (auto fault = fault_of_rule(block.record, TokenAct::request); fault != TokenFault::none) {
        ret_ = refuse_token(context_, user_, fault);
        return;
      }
    } else if (!acts.has(Act::list)) {
      print_failure(id, "failed: " + refusal_of(context_, Act::list));
      ret_ = refuse(context_, user_, id, Act::list);
      return;
    }
    EventFields fields = fields_of(held, block);
    RequestEntry entry = entry_of(held, block);
    entry.asked = Said{actor_text(fields), ioloop_time, fields.reason};
    std::string error;
    bool was_marked = is_marked(held);
    bool told = write_down(user_, id, entry, error) && mark(held, was_marked, error);
    if (!told) {
      print_failure(id, "failed: " + error);
      ret_ = fail(context_, user_, id + ": " + error);
      return;
    }
    if (was_marked && has_token(context_)) {
      ret_ = refuse_token(context_, user_, TokenFault::used);
      return;
    }
    if (!was_marked)
      tell(fields, block.record, *entry.asked);
    print_result(id, was_marked ? done_before : done, *entry.asked);
  }

  // Without a name it is the recipient who asks, as who runs this says.
  EventFields fields_of(mail *held, const ParsedBlock &block) {
    EventFields fields(user_);
    Caller caller = quarantine_command(context_)->caller;
    std::string owner = recipient_of(block.record);
    if (caller.name == nullptr)
      caller.name = owner.c_str();
    fields.user = owner;
    fields.mailbox = held->box->vname;
    fields.classes = class_names_of(report_of(block.record));
    fields.action = name_of(HeldState::requested);
    fields.id = block.record.id;
    fields.sha256 = block.record.sha256;
    add_caller(fields, caller, context_, user_);
    return fields;
  }

  bool mark(mail *held, bool was_marked, std::string &error) {
    if (was_marked)
      return true;
    InternalAccess access(user_);
    return add_keyword_to_stored(user_, held->box->vname, std::vector<std::uint32_t>{held->uid},
                                 requested_keyword, error);
  }

  void tell(const EventFields &fields, const QuarantineRecord &record, const Said &said) {
    send_event(user_->event, event_message_requested, EventLevel::info, fields,
               "quarantine id " + record.id + ": requested by " + said.who + reason_text(fields));
    note_held_change(user_, *user_context(user_)->settings, record,
                     {HeldState::requested, said.who, said.why, fields.user});
  }

  doveadm_mail_cmd_context *context_;
  mail_user *user_;
  int ret_ = 0;
};

int run(doveadm_mail_cmd_context *context, mail_user *user) {
  return require_user_context(context, user) == nullptr ? -1 : Request(context, user).run();
}

void init(doveadm_mail_cmd_context *context, const char *const args[]) {
  require_ids(context, args);
  if (args[0] == nullptr)
    doveadm_mail_help_name(context->cmd->name);
  check_recipient(context);
  prepare_token(context, args);
  for (const char *name : {"id", "result", "requested_by", "requested_at"})
    doveadm_print_header_simple(name);
}

void deinit(doveadm_mail_cmd_context *context) noexcept {
  (void)guarded("doveadm smime quarantine request", false, [&] {
    report_nobodys(context);
    return true;
  });
  free_command(context);
}

bool parse_arg(doveadm_mail_cmd_context *context, int c) noexcept {
  QuarantineCommand *command = quarantine_command(context);
  return keep_caller(context, c, command->caller) || (c == 'j' && parse_filter(context, c)) ||
         keep_option(context, c, {{'k', &command->token}});
}

doveadm_mail_cmd_context *alloc() {
  auto *context = alloc_quarantine_command(DOVEADM_PRINT_TYPE_TABLE);
  set_options(context, SMIME_CALLER_OPTIONS SMIME_RECIPIENT_OPTION "k:", parse_arg);
  set_init(context, init);
  context->v.run = run_guarded<run>;
  context->v.deinit = deinit;
  return context;
}

const auto parameters = mail_parameters(
    parameter('a', "as", CMD_PARAM_STR), parameter('e', "reason", CMD_PARAM_STR),
    parameter('p', "remote-ip", CMD_PARAM_STR), parameter('k', "token", CMD_PARAM_STR),
    recipient_parameter(), positional("id", CMD_PARAM_ARRAY));

} // namespace

doveadm_cmd_ver2 command_quarantine_request = {
    run_for_caller,
    alloc,
    "smime quarantine request",
    "-u <user>|-A [-S <socket_path>] [--token <token>|-|--recipient] [--as <name>] [--reason "
    "<text>] "
    "[--remote-ip <ip>] <id> ...",
    CMD_FLAG_NONE,
    parameters.data()};

} // namespace smime
