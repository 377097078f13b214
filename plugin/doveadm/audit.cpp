// doveadm smime audit: does the store still hold what arrived?
#include "plugin/doveadm/smime.h"

#include "plugin/doveadm/stored-mail.h"
#include "plugin/protect/protected-content.h"
#include "plugin/quarantine/access.h"
#include "plugin/quarantine/mailbox.h"
#include "plugin/settings/user-context.h"
#include "plugin/store/record.h"

#include <sysexits.h>
#include <unistd.h>

namespace smime {
namespace {

struct AuditCommand {
  doveadm_mail_cmd_context ctx;
  unsigned long long looked_at;
  unsigned long long changed;
};

// Shows that something happens, where a person looks on.
void show_progress(const AuditCommand *command, const mail_user *user, bool end) {
  if (isatty(STDERR_FILENO) == 0 || (!end && command->looked_at % 100 != 0))
    return;
  fprintf(stderr, "\r%llu messages looked at, %llu changed (%s)   %s", command->looked_at,
          command->changed, terminal_text(user->username).c_str(), end ? "\n" : "");
}

struct AuditResult {
  const char *word;
  std::string detail;
};

// A message of the quarantine carries its original's digest itself. Nullopt for others.
std::optional<AuditResult> audit_held(istream *input) {
  i_stream_seek(input, 0);
  auto block = read_block(input);
  std::string difference;
  if (!block)
    return std::nullopt;
  if (is_original(input, *block, difference))
    return AuditResult{"ok", block->is_encoded() ? "held encoded, for the bytes that it has" : ""};
  if (input->stream_errno != 0)
    return std::nullopt;
  return AuditResult{"changed", difference};
}

// Nullopt for mail that has neither a record nor anything to protect.
std::optional<AuditResult> audit_mail(mail *m, const Settings &settings, std::string &error) {
  auto record = get_record(m);
  if (record && !record->has_digest())
    record.reset();
  istream *input;
  if (mail_get_stream(m, nullptr, nullptr, &input) < 0) {
    error = mailbox_get_last_internal_error(m->box, nullptr);
    return std::nullopt;
  }
  if (is_quarantine_mailbox(m->box, settings)) {
    if (auto result = audit_held(input))
      return result;
  }
  ProtectedContent content;
  if (!find_protected(input, {}, content, error))
    return std::nullopt;
  auto digest = content.combined();
  if (!record && !digest)
    return std::nullopt;
  if (!record)
    return AuditResult{"no-record", "it came before the plugin, or its index was rebuilt"};
  if (!digest)
    return AuditResult{"changed", "its signed or encrypted content is gone"};
  if (*digest != record->sha256) {
    // Recorded before a structure that is in doubt made the whole body protected.
    ProtectedContent seen;
    if (!find_protected(input, {}, seen, error, Doubt::is_ignored))
      return std::nullopt;
    if (seen.combined() != record->sha256)
      return AuditResult{"changed",
                         "SHA-256 " + to_hex(*digest) + ", at arrival " + to_hex(record->sha256)};
  }
  if ((record->flags & ArrivalRecord::flag_non_canonical) != 0)
    return AuditResult{"ok", "arrived with bytes that IMAP cannot carry unchanged"};
  return AuditResult{"ok", ""};
}

void print_result(const mail_user *user, const char *mailbox, const mail *m,
                  const AuditResult &result) {
  print(user->username);
  print(mailbox);
  print(std::to_string(m->uid));
  print(result.word);
  print(result.detail);
}

int audit_run(doveadm_mail_cmd_context *context, mail_user *user) {
  auto *command = reinterpret_cast<AuditCommand *>(context);
  UserContext *found = require_user_context(context, user);
  if (found == nullptr)
    return -1;
  int ret =
      look_at_stored_mail(context, user, [&](mail *m, const char *mailbox, std::string &error) {
        auto result = audit_mail(m, *found->settings, error);
        command->looked_at++;
        if (result && strcmp(result->word, "changed") == 0)
          command->changed++;
        if (result)
          print_result(user, mailbox, m, *result);
        show_progress(command, user, false);
      });
  show_progress(command, user, true);
  if (command->changed > 0)
    context->exit_code = EX_DATAERR;
  return ret;
}

int run_guarded(doveadm_mail_cmd_context *context, mail_user *user) noexcept {
  return guarded("doveadm smime audit", -1, [&] { return audit_run(context, user); });
}

void init(doveadm_mail_cmd_context *context, const char *const args[]) noexcept {
  static const char *const everything[] = {"all", nullptr};
  context->search_args = doveadm_mail_build_search_args(args[0] == nullptr ? everything : args);
  for (const char *name : {"user", "mailbox", "uid", "result"})
    doveadm_print_header_simple(name);
  doveadm_print_header("detail", "detail", DOVEADM_PRINT_HEADER_FLAG_EXPAND);
}

doveadm_mail_cmd_context *alloc() {
  auto *command = doveadm_mail_cmd_alloc(AuditCommand);
  set_init(&command->ctx, init);
  command->ctx.v.run = run_guarded;
  doveadm_print_init(DOVEADM_PRINT_TYPE_TABLE);
  return &command->ctx;
}

const auto parameters = mail_parameters(positional("query", CMD_PARAM_ARRAY));

} // namespace

doveadm_cmd_ver2 command_audit = {
    nullptr,       alloc,
    "smime audit", "[-u <user>|-A] [-S <socket_path>] [<search query>]",
    CMD_FLAG_NONE, parameters.data()};

} // namespace smime
