// doveadm smime notify: tells users what is held for them, each in one mail for all that was held
// in an interval; and warns them before the time of what is held is over, if its rule says so.
//
// What is told is marked on the held messages, since the mailbox is what is true of them: first
// that a notice is under way, then, once it is in INBOX, that it is there. A process that ends in
// between leaves messages with the first mark alone: they are the same notice once more, with the
// same Message-ID, for which INBOX is searched each time.
//
// A notice is saved as a release is: no rule and no Sieve script sees it, so it is never held.
#include "plugin/doveadm/smime.h"

#include "plugin/doveadm/scanner-program.h"
#include "plugin/notices/notice.h"
#include "plugin/notices/token.h"
#include "plugin/quarantine/known-recipients.h"
#include "plugin/quarantine/lock.h"
#include "plugin/quarantine/mailbox.h"
#include "plugin/quarantine/original-header.h"
#include "plugin/quarantine/promise.h"
#include "plugin/quarantine/quarantine.h"
#include "plugin/store/keywords.h"

#include <algorithm>
#include <ctime>
#include <dirent.h>
#include <map>
#include <sysexits.h>

extern "C" {
#include "message-address.h"
#include "message-date.h"
}

namespace smime {
namespace {

// --- links

constexpr std::int64_t token_seconds = 30LL * 24 * 3600;
constexpr std::string_view token_mark = "{token}";
constexpr std::string_view id_mark = "{id}";

// What a notice leads to. Read with the rights that doveadm was started with: users may not see
// the keys.
struct Links {
  std::string pattern;
  std::optional<TokenKeys> keys;
};

// False with error set.
bool read_links(const Settings &settings, Links &links, std::string &error) {
  links.pattern = settings.notice_link;
  if (links.pattern.find(token_mark) == std::string::npos)
    return true;
  if (settings.token_key.empty())
    error = "smime_notice_link has {token} in it, and smime_token_key names no file of keys";
  else
    links.keys = TokenKeys::read(settings.token_key, error);
  return links.keys.has_value();
}

void replace_all(std::string &text, std::string_view mark, const std::string &value) {
  for (std::size_t at = 0; (at = text.find(mark, at)) != std::string::npos; at += value.size())
    text.replace(at, mark.size(), value);
}

std::string link_to(const Links &links, const std::string &id, const std::string &user) {
  std::string link = links.pattern;
  if (links.keys) {
    auto token = make_token(*links.keys, {id, user, TokenAct::view, ioloop_time + token_seconds});
    // A name that is too long for a token has no link.
    if (!token)
      return {};
    replace_all(link, token_mark, *token);
  }
  replace_all(link, id_mark, id);
  return link;
}

// --- the texts

std::string texts_directory(const Settings &settings) {
  return settings.notice_texts.empty() ? SMIME_NOTICE_TEXTS : settings.notice_texts;
}

// The languages of the directory, which are its directories; empty with error set.
std::vector<std::string> languages_in(const std::string &directory, std::string &error) {
  std::vector<std::string> languages;
  DIR *open = opendir(directory.c_str());
  if (open == nullptr) {
    error = directory + ": " + std::strerror(errno);
    return languages;
  }
  while (const dirent *entry = readdir(open)) {
    if (entry->d_type != DT_REG && entry->d_name[0] != '.')
      languages.emplace_back(entry->d_name);
  }
  (void)closedir(open);
  std::sort(languages.begin(), languages.end());
  if (languages.empty())
    error = directory + " has no language in it";
  return languages;
}

void print_check(const std::string &language, const std::string &result,
                 const std::string &detail) {
  print(language);
  print(result);
  print(detail);
}

// --check: every language, and that the one that users have is among them.
int check_texts() {
  Settings settings = settings_without_user();
  doveadm_print_init(DOVEADM_PRINT_TYPE_TABLE);
  doveadm_print_header_simple("language");
  doveadm_print_header_simple("state");
  doveadm_print_header("detail", "detail", DOVEADM_PRINT_HEADER_FLAG_EXPAND);
  std::string directory = texts_directory(settings);
  std::string error;
  std::vector<std::string> languages = languages_in(directory, error);
  int status = EX_OK;
  for (const std::string &language : languages) {
    std::vector<std::string> errors;
    if (read_notice_texts(directory, language, errors))
      print_check(language, "ok", directory + "/" + language);
    for (const std::string &text : errors)
      print_check(language, "error", text);
    status = errors.empty() ? status : EX_CONFIG;
  }
  if (error.empty() &&
      std::find(languages.begin(), languages.end(), settings.notice_language) == languages.end())
    error = "smime_notice_language is not there: " + directory + "/" + settings.notice_language;
  Links ignored;
  std::string wrong;
  if (!read_links(settings, ignored, wrong))
    settings.errors.push_back(wrong);
  for (const std::string &text : settings.errors)
    error += (error.empty() ? "" : "; ") + text;
  if (!error.empty()) {
    print_check("", "error", error);
    status = EX_CONFIG;
  }
  return status;
}

// --- the command

// What the command knows beyond one user.
struct NotifyState {
  Links links;
  // By their directory: read once.
  std::map<std::string, std::optional<NoticeTexts>> texts;
  KnownRecipients known;
};

// Zeroed by doveadm: plain members only.
struct NotifyCommand {
  doveadm_mail_cmd_context ctx;
  bool now;
  // Owned; there as long as the command.
  NotifyState *state;
};

NotifyCommand *notify_command(doveadm_mail_cmd_context *context) {
  return reinterpret_cast<NotifyCommand *>(context);
}

int fail_user(doveadm_mail_cmd_context *context, mail_user *user, const std::string &text) {
  log_error(user->event, "notify: " + text);
  doveadm_mail_failed_error(context, MAIL_ERROR_TEMP);
  return -1;
}

// Null with the errors logged.
const NoticeTexts *texts_for(NotifyState &state, mail_user *user, const Settings &settings) {
  std::string directory = texts_directory(settings);
  auto [place, is_new] = state.texts.try_emplace(directory + "/" + settings.notice_language);
  if (is_new) {
    std::vector<std::string> errors;
    place->second = read_notice_texts(directory, settings.notice_language, errors);
    for (const std::string &error : errors)
      log_error(user->event, "notify: " + error);
  }
  return place->second ? &*place->second : nullptr;
}

// --- what is to be told

// A held message of which its recipient is to know.
struct Untold {
  std::string mailbox;
  std::uint32_t uid = 0;
  NoticeMessage message;
};

// What one kind of notices is about.
struct UntoldOfKind {
  NoticeKind kind;
  // The marks while one is written, and when it is in INBOX.
  const char *telling;
  const char *told;
  // Of which a notice was under way when an earlier command ended.
  std::vector<Untold> begun;
  std::vector<Untold> due;
};

struct AllUntold {
  UntoldOfKind held{NoticeKind::held, telling_keyword, told_keyword, {}, {}};
  UntoldOfKind warning{NoticeKind::warning, warning_keyword, warned_keyword, {}, {}};
};

bool has(const std::vector<std::string> &keywords, const char *name) {
  return std::find(keywords.begin(), keywords.end(), name) != keywords.end();
}

Untold untold_of(mail *quarantined, const ParsedBlock &block, const std::optional<Rule> &rule) {
  const QuarantineRecord &record = block.record;
  HeldHeader header = read_held_header(quarantined, block);
  std::string ignored;
  NoticeMessage message;
  message.id = record.id;
  message.time = record.time;
  message.from = header.from;
  message.sender = record.from;
  message.to = record.to;
  message.subject = header.subject;
  message.reason = rule ? rule->reason : "";
  message.report = report_from_json(record.report, ignored);
  if (auto promise = promise_of(record)) {
    message.until = format_time(promise->until);
    message.then = promise->then;
  }
  return {quarantined->box->vname, quarantined->uid, std::move(message)};
}

// From: when there was first something to tell.
bool is_due(const NotifyCommand &command, const Settings &settings, std::int64_t from) {
  return from <= ioloop_time &&
         (command.now || due_time(settings.notice_interval, from) <= ioloop_time);
}

// When the recipient is to be told so of what the rule holds; nullopt: never.
std::optional<std::int64_t> time_of(NoticeKind kind, const QuarantineRecord &record,
                                    const Rule &rule) {
  if (kind == NoticeKind::held)
    return rule.notifies_recipient ? std::optional(parse_time(record.time).value_or(0))
                                   : std::nullopt;
  auto promise = promise_of(record);
  return promise ? promise->warn : std::nullopt;
}

// False with error set.
bool find_untold(doveadm_mail_cmd_context *context, mail_user *user, const Settings &settings,
                 AllUntold &found, std::string &error) {
  NotifyCommand *command = notify_command(context);
  auto visit = [&](mail *quarantined, const ParsedBlock &block) {
    auto keywords = keywords_of(quarantined);
    auto rule = rule_of(block.record);
    for (UntoldOfKind *of : {&found.held, &found.warning}) {
      auto from = rule ? time_of(of->kind, block.record, *rule) : std::nullopt;
      if (has(keywords, of->told))
        continue;
      if (has(keywords, of->telling))
        of->begun.push_back(untold_of(quarantined, block, rule));
      else if (from && is_due(*command, settings, *from))
        of->due.push_back(untold_of(quarantined, block, rule));
    }
    return Visit::next;
  };
  HeldFor whose;
  whose.known = &command->state->known;
  bool ok = visit_quarantine(user, settings, "", visit, error, {}, whose) != FindResult::failed;
  // A user without a quarantine has nothing to be told.
  if (ok)
    error.clear();
  return ok;
}

// --- telling it

// All of a mailbox at once. The last message names the notice, so its mailbox comes last: what is
// left without the mark has the same one.
bool mark(mail_user *user, const std::vector<Untold> &messages, const char *keyword,
          std::string &error) {
  InternalAccess access(user);
  std::map<std::string, std::vector<std::uint32_t>> uids;
  for (const Untold &untold : messages)
    uids[untold.mailbox].push_back(untold.uid);
  auto last = uids.extract(messages.back().mailbox);
  for (const auto &[mailbox, of_mailbox] : uids) {
    if (!add_keyword_to_stored(user, mailbox, of_mailbox, keyword, error))
      return false;
  }
  return add_keyword_to_stored(user, last.key(), last.mapped(), keyword, error);
}

// False with error set: the sender of our mail is not known.
bool fill_in_head(mail_user *user, Notice &notice, std::string &error) {
  DataStackFrame frame;
  const message_address *postmaster;
  const char *reason;
  if (!mail_user_set_get_postmaster_address(user->set, &postmaster, &reason)) {
    error = std::string("postmaster_address: ") + reason;
    return false;
  }
  notice.from = std::string(postmaster->mailbox) + "@" + postmaster->domain;
  notice.hostname = user->set->hostname;
  notice.date = message_date_create(ioloop_time);
  return true;
}

bool by_time(const Untold &one, const Untold &other) {
  return std::tie(one.message.time, one.message.id) <
         std::tie(other.message.time, other.message.id);
}

// Nullopt with error set. messages are sorted.
std::optional<Notice> notice_of(mail_user *user, NoticeKind kind, const Links &links,
                                const std::vector<Untold> &messages, std::string &error) {
  Notice notice;
  notice.kind = kind;
  notice.user = user->username;
  notice.to = messages.front().message.to;
  if (notice.to.find('@') == std::string::npos)
    notice.to = notice.user;
  for (const Untold &untold : messages) {
    notice.messages.push_back(untold.message);
    notice.messages.back().link = link_to(links, untold.message.id, notice.user);
  }
  return fill_in_head(user, notice, error) ? std::optional(std::move(notice)) : std::nullopt;
}

// Whether the notice is in the open mailbox. Nullopt with error set.
std::optional<bool> has_notice(mailbox *box, const Notice &notice, std::string &error) {
  if (mailbox_sync(box, static_cast<mailbox_sync_flags>(0)) < 0) {
    error = last_error(box);
    return std::nullopt;
  }
  Transaction transaction(box, static_cast<mailbox_transaction_flags>(0), "smime");
  SearchArgsPtr arguments(mail_search_build_init());
  // It is younger than what it tells of, so that a large INBOX is not read for it; a day is left
  // for clocks that differ.
  constexpr time_t day = 24L * 3600;
  mail_search_arg *since = mail_search_build_add(arguments.get(), SEARCH_SINCE);
  since->value.date_type = MAIL_SEARCH_DATE_TYPE_RECEIVED;
  since->value.time = parse_time(notice.messages.back().time).value_or(day) - day;
  mail_search_arg *argument = mail_search_build_add(arguments.get(), SEARCH_HEADER);
  argument->hdr_field_name = p_strdup(arguments->pool, "Message-ID");
  argument->value.str = p_strdup(arguments->pool, (notice_id(notice) + ".notice@").c_str());
  mail_search_context *search = mailbox_search_init(transaction.get(), arguments.get(), nullptr,
                                                    static_cast<mail_fetch_field>(0), nullptr);
  mail *found;
  bool there = mailbox_search_next(search, &found);
  if (mailbox_search_deinit(&search) == 0)
    return there;
  error = last_error(box);
  return std::nullopt;
}

enum class Told : std::uint8_t { sent, was_there, failed };

// It is looked for whatever the marks say: those of a process that was killed may be lost with a
// part of the index.
Told put_into_inbox(mailbox *inbox, const NoticeTexts &texts, const Notice &notice,
                    std::string &error) {
  auto there = has_notice(inbox, notice, error);
  if (!there || *there)
    return there ? Told::was_there : Told::failed;
  std::string message = format_notice(texts, notice);
  StreamPtr input(i_stream_create_from_data(message.data(), message.size()));
  SaveData data;
  data.received_date = ioloop_time;
  return save_stream(inbox, input.get(), data, error) == SaveResult::saved ? Told::sent
                                                                           : Told::failed;
}

void print_told(mail_user *user, const std::vector<Untold> &messages, Told told) {
  print(user->username);
  print(std::to_string(messages.size()));
  print(told == Told::sent ? "sent" : "was there already");
}

// What a notice is made with, and where it goes.
struct Wording {
  const NoticeTexts &texts;
  const Links &links;
  mailbox *inbox;
};

// messages: of this kind; begun: a notice of them was under way before.
Told tell(mail_user *user, const Wording &wording, const UntoldOfKind &of,
          std::vector<Untold> messages, bool begun, std::string &error) {
  std::sort(messages.begin(), messages.end(), by_time);
  auto notice = notice_of(user, of.kind, wording.links, messages, error);
  if (!notice || (!begun && !mark(user, messages, of.telling, error)))
    return Told::failed;
  Told told = put_into_inbox(wording.inbox, wording.texts, *notice, error);
  if (told == Told::failed || !mark(user, messages, of.told, error))
    return Told::failed;
  log_info(user->event, "notify: " + std::to_string(messages.size()) + " held messages told to " +
                            user->username + ": notice " + notice_id(*notice));
  print_told(user, messages, told);
  return told;
}

// One mail in an interval: what is due while another is finished waits for the next.
Told tell_kind(mail_user *user, const Wording &wording, UntoldOfKind &of, std::string &error) {
  Told told = Told::was_there;
  if (!of.begun.empty())
    told = tell(user, wording, of, std::move(of.begun), true, error);
  if (told == Told::was_there && !of.due.empty())
    told = tell(user, wording, of, std::move(of.due), false, error);
  return told;
}

bool is_nothing(const AllUntold &untold) {
  return untold.held.begun.empty() && untold.held.due.empty() && untold.warning.begun.empty() &&
         untold.warning.due.empty();
}

// False with error set. Commands for the same user come one after the other, and whoever comes
// second finds what the first has told: each by itself would take the other's notice for one that
// was cut short, and not find it in INBOX yet.
bool tell_what_is_due(doveadm_mail_cmd_context *context, mail_user *user, const Settings &settings,
                      const NoticeTexts &texts, std::string &error) {
  MailboxPtr inbox = alloc_mailbox(user, "INBOX", MAILBOX_FLAG_IGNORE_ACLS);
  if (!open_or_create(inbox.get(), error))
    return false;
  QuarantineLock lock(inbox.get(), notice_lock);
  AllUntold untold;
  if (!lock.held()) {
    error = "INBOX: " + lock.error();
    return false;
  }
  if (!find_untold(context, user, settings, untold, error))
    return false;
  Wording wording{texts, notify_command(context)->state->links, inbox.get()};
  return tell_kind(user, wording, untold.held, error) != Told::failed &&
         tell_kind(user, wording, untold.warning, error) != Told::failed;
}

int run(doveadm_mail_cmd_context *context, mail_user *user) {
  UserContext *found = require_user_context(context, user);
  if (found == nullptr)
    return -1;
  const Settings &settings = *found->settings;
  if (!settings.errors.empty())
    return fail_user(context, user, settings.errors.front());
  AllUntold untold;
  std::string error;
  if (!find_untold(context, user, settings, untold, error))
    return fail_user(context, user, error);
  if (is_nothing(untold))
    return 0;
  const NoticeTexts *texts = texts_for(*notify_command(context)->state, user, settings);
  if (texts == nullptr)
    return fail_user(context, user, "there are no texts to tell him what is held");
  return tell_what_is_due(context, user, settings, *texts, error) ? 0
                                                                  : fail_user(context, user, error);
}

int run_guarded(doveadm_mail_cmd_context *context, mail_user *user) noexcept {
  return guarded("doveadm smime notify", -1, [&] { return run(context, user); });
}

void init(doveadm_mail_cmd_context *context, const char *const args[]) {
  if (args[0] != nullptr)
    doveadm_mail_help_name("smime notify");
  // What is wrong with the texts is told once, and not for each user.
  Settings settings = settings_without_user();
  std::vector<std::string> errors = settings.errors;
  std::string error;
  if (errors.empty() && !read_links(settings, notify_command(context)->state->links, error))
    errors.push_back(error);
  if (errors.empty())
    (void)read_notice_texts(texts_directory(settings), settings.notice_language, errors);
  if (!errors.empty())
    die(EX_CONFIG, std::string(context->cmd->name) + ": " + errors.front());
  for (const char *name : {"user", "messages", "result"})
    doveadm_print_header_simple(name);
}

bool parse_arg(doveadm_mail_cmd_context *context, int c) noexcept {
  if (c == 'n')
    notify_command(context)->now = true;
  return c == 'n' || c == 'c';
}

void free_command(doveadm_mail_cmd_context *context) noexcept {
  delete std::exchange(notify_command(context)->state, nullptr);
}

doveadm_mail_cmd_context *alloc() {
  auto *command = doveadm_mail_cmd_alloc(NotifyCommand);
  doveadm_print_init(DOVEADM_PRINT_TYPE_TABLE);
  command->state = new NotifyState;
  command->ctx.v.run = run_guarded;
  command->ctx.v.deinit = free_command;
  set_options(&command->ctx, "nc", parse_arg);
  set_init(&command->ctx, init);
  return &command->ctx;
}

void run_command(doveadm_cmd_context *context) noexcept {
  bool only_check = false;
  if (!doveadm_cmd_param_bool(context, "check", &only_check) || !only_check)
    return doveadm_cmd_ver2_to_mail_cmd_wrapper(context);
  int status = guarded("doveadm smime notify", EX_TEMPFAIL, [] { return check_texts(); });
  if (status != EX_OK)
    doveadm_exit_code = status;
}

const auto parameters =
    mail_parameters(parameter('n', "now", CMD_PARAM_BOOL), parameter('c', "check", CMD_PARAM_BOOL));

} // namespace

doveadm_cmd_ver2 command_notify = {
    run_command,    alloc,
    "smime notify", "-u <user>|-A [-S <socket_path>] [--now] | --check",
    CMD_FLAG_NONE,  parameters.data()};

} // namespace smime
