// doveadm smime status: what is aware, which rules, scanner: what is wrong and
// how to mend it.
#include "doveadm-smime.h"

#include "access.h"
#include "exclusions.h"
#include "scanner-client.h"

extern "C" {
#include "mailbox-list-iter.h"
}

namespace smime {
namespace {

void status_init(doveadm_mail_cmd_context *, const char *const args[]) {
  if (args[0] != nullptr)
    doveadm_mail_help_name("smime status");
  doveadm_print_header_simple("check");
  doveadm_print_header_simple("state");
  doveadm_print_header("detail", "detail", DOVEADM_PRINT_HEADER_FLAG_EXPAND);
}

void print_row(const std::string &check, const std::string &state, const std::string &detail) {
  print(check);
  print(state);
  print(detail);
}

std::string count_mailboxes(mail_user *user, const Settings &settings) {
  unsigned aware = 0;
  unsigned all = 0;
  static const char *const patterns[] = {"*", nullptr};
  mailbox_list_iterate_context *iteration = mailbox_list_iter_init_namespaces(
      user->namespaces, patterns, static_cast<mail_namespace_type>(MAIL_NAMESPACE_TYPE_MASK_ALL), MAILBOX_LIST_ITER_RETURN_NO_FLAGS);
  const mailbox_info *info;
  while ((info = mailbox_list_iter_next(iteration)) != nullptr) {
    all++;
    if (settings.stores.matches(info->vname, mail_namespace_get_sep(info->ns)))
      aware++;
  }
  if (mailbox_list_iter_deinit(&iteration) < 0)
    return "the mailboxes cannot be listed";
  return std::to_string(aware) + " of " + std::to_string(all) + " mailboxes are S/MIME-aware";
}

void print_rules(const Settings &settings) {
  if (settings.rules.empty() && settings.errors.empty())
    print_row("rules", "note", "no smime_rule is set: everything is delivered");
  for (const Rule &rule : settings.rules)
    print_row(rule.setting, "ok", rule.text);
}

bool print_scanner(mail_user *user, const Settings &settings) {
  ScannerAddress address{scanner_socket_path(settings.scanner_socket, user->set->base_dir),
                         settings.scanner_timeout_seconds};
  constexpr std::string_view probe = "Subject: probe\r\n\r\nprobe\r\n";
  StreamPtr input(i_stream_create_from_data(probe.data(), probe.size()));
  std::string error;
  auto report = request_report(address, input.get(), probe.size(), error);
  if (report) {
    print_row("scanner", "ok", address.path + " answers");
    return true;
  }
  print_row("scanner", "error",
            error + "; see service smime-scanner in 90-smime.conf and Dovecot's log. "
                    "Meanwhile smime_scanner_failure applies");
  return false;
}

int status_run(doveadm_mail_cmd_context *context, mail_user *user) {
  UserContext *found = require_user_context(context, user);
  if (found == nullptr)
    return -1;
  const Settings &settings = *found->settings;
  for (const std::string &error : settings.errors)
    print_row("settings", "error", error + "; deliveries are deferred until this is mended");
  if (settings.errors.empty())
    print_row("settings", "ok", "");
  print_row("stores", "ok",
            "smime_stores=" + settings.stores_text + ": " + count_mailboxes(user, settings));
  print_rules(settings);
  print_row("quarantine", "ok", settings.quarantine_mailbox);
  if (auto exclusion = index_exclusion(user, settings))
    print_row("quarantine index", "ok", "left out by " + *exclusion);
  bool scanner_ok = print_scanner(user, settings);
  if (!scanner_ok || !settings.errors.empty())
    context->exit_code = EX_CONFIG;
  return 0;
}

int run_guarded(doveadm_mail_cmd_context *context, mail_user *user) noexcept {
  return guarded("doveadm smime status", -1, [&] { return status_run(context, user); });
}

doveadm_mail_cmd_context *alloc() {
  auto *command = doveadm_mail_cmd_alloc(doveadm_mail_cmd_context);
  set_init(command, status_init);
  command->v.run = run_guarded;
  doveadm_print_init(DOVEADM_PRINT_TYPE_TABLE);
  return command;
}

const auto parameters = mail_parameters();

} // namespace

doveadm_cmd_ver2 command_status = {
    nullptr, alloc, "smime status", "[-u <user>|-A] [-S <socket_path>]", CMD_FLAG_NONE,
    parameters.data()};

} // namespace smime
