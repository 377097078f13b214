// doveadm smime verify: the signature status of stored mail now, and why.
#include "plugin/doveadm/smime.h"

#include "plugin/doveadm/stored-mail.h"
#include "plugin/operator/signature-text.h"
#include "plugin/scan/scanner-client.h"
#include "plugin/store/record.h"

#include <sysexits.h>

namespace smime {
namespace {

struct VerifyCommand {
  doveadm_mail_cmd_context ctx;
  bool failed;
};

std::string status_at_arrival(mail *m) {
  auto record = get_record(m);
  if (!record || record->classes == 0)
    return "no-record";
  return std::string(name_of(static_cast<SignatureStatus>(record->signature_status)));
}

// Nullopt with error set if there is no report on the mail.
std::optional<Report> report_on(mail *m, ScannerAddress address, std::string &error) {
  istream *input;
  uoff_t size;
  time_t received;
  // INTERNALDATE, which a delivery sets to the present.
  if (mail_get_received_date(m, &received) == 0 && received > 0)
    address.arrival = received;
  if (mail_get_stream(m, nullptr, nullptr, &input) < 0 ||
      i_stream_get_size(input, TRUE, &size) <= 0) {
    error = mailbox_get_last_internal_error(m->box, nullptr);
    return std::nullopt;
  }
  return request_report(address, input, size, error);
}

void print_mail(mail *m, const char *mailbox, const mail_user *user, const Report &report) {
  print(user->username);
  print(mailbox);
  print(std::to_string(m->uid));
  print(std::string(name_of(report.signature)));
  print(status_at_arrival(m));
  print(signers_text(report));
  print(errors_text(report));
  print(remedies_text(report));
}

int verify_run(doveadm_mail_cmd_context *context, mail_user *user) {
  auto *command = reinterpret_cast<VerifyCommand *>(context);
  UserContext *found = require_user_context(context, user);
  if (found == nullptr)
    return -1;
  const Settings &settings = *found->settings;
  ScannerAddress address{scanner_socket_path(settings.scanner_socket, user->set->base_dir),
                         settings.scanner_timeout_seconds};
  int ret =
      look_at_stored_mail(context, user, [&](mail *m, const char *mailbox, std::string &error) {
        auto report = report_on(m, address, error);
        if (!report || !has_signature(*report))
          return;
        command->failed = command->failed || !is_verified(*report);
        print_mail(m, mailbox, user, *report);
      });
  if (command->failed && context->exit_code == 0)
    context->exit_code = EX_DATAERR;
  return ret;
}

int run_guarded(doveadm_mail_cmd_context *context, mail_user *user) noexcept {
  return guarded("doveadm smime verify", -1, [&] { return verify_run(context, user); });
}

void init(doveadm_mail_cmd_context *context, const char *const args[]) noexcept {
  if (args[0] == nullptr)
    doveadm_mail_help_name("smime verify");
  for (const char *name : {"user", "mailbox", "uid", "status", "at-arrival", "signer"})
    doveadm_print_header_simple(name);
  doveadm_print_header("errors", "errors", DOVEADM_PRINT_HEADER_FLAG_EXPAND);
  doveadm_print_header_simple("remedy");
  context->search_args = doveadm_mail_build_search_args(args);
}

doveadm_mail_cmd_context *alloc() {
  auto *command = doveadm_mail_cmd_alloc(VerifyCommand);
  set_init(&command->ctx, init);
  command->ctx.v.run = run_guarded;
  doveadm_print_init(DOVEADM_PRINT_TYPE_TABLE);
  return &command->ctx;
}

const auto parameters = mail_parameters(positional("query", CMD_PARAM_ARRAY));

} // namespace

doveadm_cmd_ver2 command_verify = {nullptr,        alloc,
                                   "smime verify", "-u <user>|-A [-S <socket_path>] <search query>",
                                   CMD_FLAG_NONE,  parameters.data()};

} // namespace smime
