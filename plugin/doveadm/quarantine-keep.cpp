// doveadm smime quarantine hold and note: what reviewers say of a held message that stays held.
//
// The book has it first (quarantine/requests.h), then the register's history. Where a process ends
// in between, the same command again tells the register what the book has.
#include "plugin/doveadm/quarantine.h"

#include "plugin/quarantine/promise.h"
#include "plugin/quarantine/recipient.h"
#include "plugin/quarantine/register-note.h"
#include "plugin/quarantine/request-store.h"
#include "plugin/rules/words.h"

namespace smime {
namespace {

EventFields fields_of(doveadm_mail_cmd_context *context, mail_user *user,
                      const QuarantineRecord &record, std::string_view action) {
  EventFields fields(user);
  fields.user = recipient_of(record);
  fields.classes = class_names_of(report_of(record));
  fields.action = action;
  fields.id = record.id;
  fields.sha256 = record.sha256;
  add_caller(fields, quarantine_command(context)->caller, context, user);
  return fields;
}

// Of who has no name of his own, who ran doveadm.
Said said_now(doveadm_mail_cmd_context *context, const EventFields &fields, const char *why) {
  constexpr std::int64_t second = 1000000;
  const char *name = quarantine_command(context)->caller.name;
  std::int64_t now = microseconds_now();
  return {name == nullptr ? actor_text(fields) : name, now / second, why == nullptr ? "" : why,
          now % second};
}

class Words {
public:
  Words(doveadm_mail_cmd_context *context, mail_user *user) : context_(context), user_(user) {}

  template <typename Say> int run(Acts needed, Say say) {
    if (require_user_context(context_, user_) == nullptr)
      return -1;
    // What expires is not held longer at the same time.
    command().state->acting = true;
    auto visit = [&](mail *held, const ParsedBlock &block, Acts acts) {
      if (acts.has_any(needed))
        say(held, block.record);
      else
        refuse_one(block.record.id, needed.has(Act::show) ? Act::show : Act::release);
      return Visit::next;
    };
    std::vector<std::string> missing;
    std::string error;
    if (visit_selected(context_, user_, visit, missing, error) == FindResult::failed)
      ret_ = fail(context_, user_, error);
    if (context_->iterate_single_user)
      tell_missing(missing);
    return ret_;
  }

  void hold(mail *held, const QuarantineRecord &record) {
    EventFields fields = fields_of(context_, user_, record, event_kept);
    KeptUntil kept{*time_to_keep_until(command().until, ioloop_time),
                   said_now(context_, fields, command().caller.reason)};
    auto result = BookChange::refused;
    std::int64_t promised = 0;
    auto change = [&](RequestBook &book) {
      auto promise = promise_of(record, book);
      promised = promise ? promise->until : 0;
      if (promised < kept.until || kept_until(book, record.id) == promised)
        result = keep_until(book, record.id, kept);
      return result == BookChange::made;
    };
    std::string error;
    if (!change_requests(user_, change, error)) {
      fail_one(record.id, error);
      return;
    }
    std::string until = format_time(result == BookChange::refused ? promised : kept.until);
    if (result != BookChange::refused)
      tell(held, record, fields,
           {kept.said.exactly(), std::string(kept_until_text) + until, kept.said.why,
            result == BookChange::made});
    print(record.id);
    print(result == BookChange::made ? "held longer" : "is held until then or later already");
    print(until);
  }

  void note(mail *held, const QuarantineRecord &record) {
    EventFields fields = fields_of(context_, user_, record, event_noted);
    Said said = said_now(context_, fields, command().text);
    auto result = BookChange::refused;
    auto change = [&](RequestBook &book) {
      result = add_note(book, record.id, said);
      return result == BookChange::made;
    };
    std::string error;
    if (!change_requests(user_, change, error)) {
      fail_one(record.id, error);
      return;
    }
    if (result == BookChange::refused) {
      fail_one(record.id, "it has " + std::to_string(max_notes) + " notes, and no more are kept");
      return;
    }
    tell(held, record, fields, {said.exactly(), "", said.why, result == BookChange::made});
    print(record.id);
    print(result == BookChange::made ? "noted" : "was noted before");
  }

private:
  struct Word {
    std::int64_t changed = 0;
    // What is done, where the event's name does not say it all.
    std::string what;
    std::string why;
    bool is_new = false;
  };

  QuarantineCommand &command() const { return *quarantine_command(context_); }

  void print_failure(const std::string &id, const std::string &text) {
    print(id);
    print("failed: " + text);
    if (command().until != nullptr)
      print("");
  }

  void refuse_one(const std::string &id, Act act) {
    print_failure(id, refusal_of(context_, act));
    ret_ = refuse(context_, user_, id, act);
  }

  void fail_one(const std::string &id, const std::string &error) {
    print_failure(id, error);
    ret_ = fail(context_, user_, id + ": " + error);
  }

  void tell_missing(const std::vector<std::string> &missing) {
    for (const std::string &id : missing) {
      print(id);
      print(missing_text(context_, id));
      if (command().until != nullptr)
        print("");
      doveadm_mail_failed_error(context_, MAIL_ERROR_NOTFOUND);
      ret_ = -1;
    }
  }

  // The register is told of what was said before, too: an earlier command may have ended before.
  void tell(mail *held, const QuarantineRecord &record, const EventFields &fields,
            const Word &word) {
    bool is_note = fields.action == event_noted;
    if (word.is_new)
      send_event(user_->event, is_note ? event_message_noted : event_message_kept, EventLevel::info,
                 fields,
                 "quarantine id " + record.id + ": " +
                     (is_note ? "noted" : "held longer, " + word.what) + " by " +
                     actor_text(fields) + reason_text(fields));
    std::string why = word.what;
    if (!word.why.empty())
      why += (why.empty() ? "" : ": ") + word.why;
    bool asked = request_of(held, record, read_requests_or_warn(user_)).has_value();
    note_held_word(user_, *user_context(user_)->settings, record,
                   {asked ? HeldState::requested : HeldState::held, fields.action,
                    actor_text(fields), why, word.changed, fields.user});
  }

  doveadm_mail_cmd_context *context_;
  mail_user *user_;
  int ret_ = 0;
};

void init(doveadm_mail_cmd_context *context, const char *const args[]) {
  require_ids(context, args);
  check_filters(quarantine_command(context));
  if (args[0] == nullptr && names_nothing(quarantine_command(context)))
    doveadm_mail_help_name(context->cmd->name);
  for (const char *name : {"id", "result"})
    doveadm_print_header_simple(name);
}

void deinit(doveadm_mail_cmd_context *context) noexcept {
  (void)guarded("doveadm smime quarantine", false, [&] {
    report_nobodys(context);
    report_strangers(context);
    return true;
  });
  free_command(context);
}

doveadm_mail_cmd_context *alloc() {
  auto *context = alloc_quarantine_command(DOVEADM_PRINT_TYPE_TABLE);
  context->v.deinit = deinit;
  return context;
}

// --- hold

void hold_init(doveadm_mail_cmd_context *context, const char *const args[]) {
  const char *until = quarantine_command(context)->until;
  if (until == nullptr || !time_to_keep_until(until, ioloop_time))
    die(EX_USAGE, std::string(context->cmd->name) +
                      ": --until wants a time from now (30d, 12w) or a date that is to come "
                      "(2027-01-31), ten years from now at most");
  init(context, args);
  doveadm_print_header_simple("until");
}

int hold_run(doveadm_mail_cmd_context *context, mail_user *user) {
  Words words(context, user);
  return words.run({Act::release, Act::reject, Act::remove},
                   [&](mail *held, const QuarantineRecord &record) { words.hold(held, record); });
}

bool hold_parse_arg(doveadm_mail_cmd_context *context, int c) noexcept {
  return parse_filter(context, c) ||
         keep_option(context, c, {{'k', &quarantine_command(context)->until}});
}

doveadm_mail_cmd_context *alloc_hold() {
  auto *context = alloc();
  set_options(context, SMIME_FILTER_OPTIONS "k:", hold_parse_arg);
  set_init(context, hold_init);
  context->v.run = run_guarded<hold_run>;
  return context;
}

// --- note

void note_init(doveadm_mail_cmd_context *context, const char *const args[]) {
  const char *text = quarantine_command(context)->text;
  if (text == nullptr || *text == '\0' || !is_one_line(text))
    die(EX_USAGE, std::string(context->cmd->name) + ": --text wants one line of at most " +
                      std::to_string(max_note) + " bytes, without control characters");
  init(context, args);
}

int note_run(doveadm_mail_cmd_context *context, mail_user *user) {
  Words words(context, user);
  return words.run({Act::show},
                   [&](mail *held, const QuarantineRecord &record) { words.note(held, record); });
}

bool note_parse_arg(doveadm_mail_cmd_context *context, int c) noexcept {
  return parse_filter(context, c) ||
         keep_option(context, c, {{'k', &quarantine_command(context)->text}});
}

doveadm_mail_cmd_context *alloc_note() {
  auto *context = alloc();
  set_options(context, SMIME_FILTER_OPTIONS "k:", note_parse_arg);
  set_init(context, note_init);
  context->v.run = run_guarded<note_run>;
  return context;
}

const auto ids = positional("id", CMD_PARAM_ARRAY);
const auto hold_parameters = filter_parameters(parameter('k', "until", CMD_PARAM_STR), ids);
const auto note_parameters = filter_parameters(parameter('k', "text", CMD_PARAM_STR), ids);

static_assert(max_note <= max_line);

} // namespace

doveadm_cmd_ver2 command_quarantine_hold = {quarantine_command_or_register,
                                            alloc_hold,
                                            "smime quarantine hold",
                                            "[-u <user>|-A] [-S <socket_path>] " SMIME_FILTERS
                                            "--until <time> [<id> ...]",
                                            CMD_FLAG_NONE,
                                            hold_parameters.data()};
doveadm_cmd_ver2 command_quarantine_note = {quarantine_command_or_register,
                                            alloc_note,
                                            "smime quarantine note",
                                            "[-u <user>|-A] [-S <socket_path>] " SMIME_FILTERS
                                            "--text <text> [<id> ...]",
                                            CMD_FLAG_NONE,
                                            note_parameters.data()};

} // namespace smime
