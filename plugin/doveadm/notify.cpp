// doveadm smime notify: tells users what is held for them, each in one mail for all that was held
// in an interval; and warns them before the time of what is held is over, if its rule says so.
#include "plugin/doveadm/smime.h"

#include "plugin/doveadm/scanner-program.h"
#include "plugin/doveadm/tell-others.h"
#include "plugin/doveadm/tell.h"
#include "plugin/doveadm/untold.h"
#include "plugin/quarantine/lock.h"
#include "plugin/store/own-save.h"

#include <algorithm>
#include <dirent.h>
#include <map>
#include <sysexits.h>

namespace smime {
namespace {

// --- the texts

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
  OutgoingMail outgoing;
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

// --- one user

// False with error set. Commands for the same user come one after the other, and whoever comes
// second finds what the first has told: each by itself would take the other's notice for one that
// was cut short, and not find it in INBOX yet.
bool tell_what_is_due(doveadm_mail_cmd_context *context, mail_user *user, const Settings &settings,
                      const NoticeTexts &texts, std::string &error) {
  MailboxPtr inbox = alloc_mailbox(user, "INBOX", MAILBOX_FLAG_IGNORE_ACLS);
  NotifyCommand *command = notify_command(context);
  if (!open_or_create(inbox.get(), error))
    return false;
  QuarantineLock lock(inbox.get(), notice_lock);
  AllUntold untold;
  if (!lock.held()) {
    error = "INBOX: " + lock.error();
    return false;
  }
  if (!find_untold(user, settings, command->now, command->state->known, untold, error))
    return false;
  Wording wording{texts, command->state->links, inbox.get()};
  bool told = tell_kind(user, wording, untold.held, error) != Told::failed &&
              tell_kind(user, wording, untold.warning, error) != Told::failed &&
              tell_decisions(user, wording, untold.decided, error) != Told::failed;
  // Last, so that no MTA is waited for before he knows; and whatever became of his.
  return tell_others(user, texts, command->state->outgoing, std::move(untold.others), error) &&
         told;
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
  NotifyCommand *command = notify_command(context);
  if (!find_untold(user, settings, command->now, command->state->known, untold, error))
    return fail_user(context, user, error);
  if (untold.empty())
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
  if (errors.empty())
    errors = wrong_with_notices(settings, notify_command(context)->state->links);
  if (!errors.empty())
    die(EX_CONFIG, std::string(context->cmd->name) + ": " + errors.front());
  notify_command(context)->state->outgoing.prepare();
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
