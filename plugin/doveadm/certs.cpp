// doveadm smime certs: the certificates that were harvested for a user, and what
// the directory publishes. Certificates are parsed by smime-scanner alone.
#include "plugin/doveadm/smime.h"

#include "plugin/doveadm/scanner-program.h"
#include "plugin/operator/certificate-check.h"
#include "plugin/operator/directory.h"
#include "plugin/operator/trust-check.h"
#include "plugin/store/atomic-file.h"
#include "plugin/store/certificate-store.h"

#include <algorithm>
#include <sysexits.h>

namespace smime {
namespace {

// What needs the rights that doveadm was started with.
struct Prepared {
  std::vector<std::string> scanner;
  std::string password_file;
  std::string password;
};

struct CertsCommand {
  doveadm_mail_cmd_context ctx;
  Prepared *prepared;
  bool directory;
  Severity worst;
};

CertsCommand *certs_command(doveadm_mail_cmd_context *context) {
  return reinterpret_cast<CertsCommand *>(context);
}

int fail(doveadm_mail_cmd_context *context, mail_user *user, const std::string &text) {
  log_error(user->event, text);
  doveadm_mail_failed_error(context, MAIL_ERROR_TEMP);
  return -1;
}

std::string without_line_end(std::string text) {
  while (text.ends_with('\n') || text.ends_with('\r'))
    text.pop_back();
  return text;
}

std::unique_ptr<Prepared> prepare() {
  auto prepared = std::make_unique<Prepared>();
  std::string error;
  auto command = scanner_command(error);
  if (!command)
    die(EX_CONFIG, "smime certs: " + error);
  prepared->scanner = *command;
  Settings settings = settings_without_user();
  const std::string &file = settings.directory.bind_password_file;
  if (!file.empty() && read_file(file, 4096, prepared->password, error))
    prepared->password_file = file;
  prepared->password = without_line_end(prepared->password);
  return prepared;
}

// Facts on a certificate or more; nullopt with error set.
std::optional<FileFacts> look_at(const Prepared &prepared, const std::string &bytes,
                                 std::string &error) {
  auto output = run_scanner(prepared.scanner, {"--certificate", "-"}, bytes, error);
  return output ? file_facts_from_json(*output, error) : std::nullopt;
}

std::optional<std::string> folder_of(mail_user *user) {
  const char *home;
  if (mail_user_get_home(user, &home) <= 0)
    return std::nullopt;
  return certificate_folder(home);
}

// --- list

std::string state_text(const ObjectFacts *facts, std::int64_t now) {
  if (facts == nullptr)
    return "unreadable";
  if (facts->not_after < now)
    return "expired";
  return facts->not_for_mail.empty() ? "ok" : "no-email-protection";
}

void print_kept(const KeptCertificate &kept, const ObjectFacts *facts) {
  print(kept.address);
  print(facts == nullptr ? "" : facts->subject);
  print(facts == nullptr ? "" : facts->issuer);
  print(facts == nullptr ? "" : date_text(facts->not_after));
  print(state_text(facts, time(nullptr)));
  print(kept.signed_at);
  print(kept.sha256);
}

int list_run(doveadm_mail_cmd_context *context, mail_user *user) {
  auto folder = folder_of(user);
  if (!folder)
    return fail(context, user, "the user has no home directory to keep certificates in");
  std::string error;
  auto list = kept_certificates(*folder, error);
  if (!list)
    return fail(context, user, error);
  std::string all;
  for (const KeptCertificate &kept : *list)
    all += kept.pem;
  FileFacts facts;
  if (!list->empty()) {
    auto found = look_at(*certs_command(context)->prepared, all, error);
    if (!found)
      return fail(context, user, error);
    facts = std::move(*found);
  }
  for (const KeptCertificate &kept : *list) {
    auto object = std::find_if(facts.objects.begin(), facts.objects.end(),
                               [&](const ObjectFacts &one) { return one.sha256 == kept.sha256; });
    print_kept(kept, object == facts.objects.end() ? nullptr : &*object);
  }
  return 0;
}

void list_headers() {
  for (const char *name : {"address", "subject", "issuer", "until", "state", "signed", "sha256"})
    doveadm_print_header_simple(name);
}

// --- export

int export_run(doveadm_mail_cmd_context *context, mail_user *user) {
  auto folder = folder_of(user);
  bool all = true;
  for (const char *const *address = arguments_of(context); *address != nullptr; address++) {
    auto kept = folder ? kept_certificate(*folder, *address) : std::nullopt;
    if (kept) {
      print_lines(kept->pem);
      continue;
    }
    log_error(user->event, std::string("no certificate is kept for ") + *address);
    doveadm_mail_failed_error(context, MAIL_ERROR_NOTFOUND);
    all = false;
  }
  return all ? 0 : -1;
}

void export_init(doveadm_mail_cmd_context *context, const char *const args[]) {
  if (args[0] == nullptr)
    doveadm_mail_help_name("smime certs export");
  certs_command(context)->prepared = nullptr;
  doveadm_print_header("pem", "pem", DOVEADM_PRINT_HEADER_FLAG_HIDE_TITLE);
}

// --- --directory

std::vector<FileFacts> look_at_all(const Prepared &prepared,
                                   const std::vector<std::string> &values) {
  std::vector<FileFacts> list;
  for (const std::string &value : values) {
    std::string error;
    auto facts = look_at(prepared, value, error);
    list.push_back(facts ? std::move(*facts) : FileFacts{"", {}, error});
  }
  return list;
}

std::vector<std::string> addresses_asked(doveadm_mail_cmd_context *context, const mail_user *user) {
  std::vector<std::string> addresses;
  for (const char *const *address = arguments_of(context); *address != nullptr; address++)
    addresses.emplace_back(*address);
  if (addresses.empty())
    addresses.emplace_back(user->username);
  return addresses;
}

int compare_address(doveadm_mail_cmd_context *context, mail_user *user, const Settings &settings,
                    const std::string &address) {
  CertsCommand *command = certs_command(context);
  const Prepared &prepared = *command->prepared;
  std::string error;
  std::string password;
  const std::string &file = settings.directory.bind_password_file;
  if (file == prepared.password_file)
    password = prepared.password;
  else if (!file.empty() && !read_file(file, 4096, password, error))
    return fail(context, user, "smime_directory_bind_password_file: " + error);
  auto entries = search_directory(settings.directory, without_line_end(password), address, error);
  if (!entries)
    return fail(context, user, error);
  std::vector<DirectoryCertificates> found;
  for (const DirectoryEntry &entry : *entries)
    found.push_back({entry.dn, look_at_all(prepared, entry.user_certificate),
                     look_at_all(prepared, entry.user_smime_certificate)});
  auto folder = folder_of(user);
  auto kept = folder ? kept_certificate(*folder, address) : std::nullopt;
  Findings findings = check_directory(address, found, kept ? kept->sha256 : "", time(nullptr));
  for (const Finding &finding : findings) {
    print(address);
    print_finding(finding);
  }
  command->worst = std::max(command->worst, worst_of(findings));
  if (command->worst != Severity::ok && context->exit_code == 0)
    context->exit_code = exit_code_of(command->worst);
  return 0;
}

int directory_run(doveadm_mail_cmd_context *context, mail_user *user) {
  UserContext *found = require_user_context(context, user);
  if (found == nullptr)
    return -1;
  const Settings &settings = *found->settings;
  if (settings.directory.uri.empty()) {
    log_error(user->event, "smime_directory_uri is not set: there is no directory to ask");
    context->exit_code = EX_CONFIG;
    return -1;
  }
  int ret = 0;
  for (const std::string &address : addresses_asked(context, user)) {
    if (compare_address(context, user, settings, address) < 0)
      ret = -1;
  }
  return ret;
}

// --- the commands

int certs_run(doveadm_mail_cmd_context *context, mail_user *user) {
  return certs_command(context)->directory ? directory_run(context, user) : list_run(context, user);
}

void certs_init(doveadm_mail_cmd_context *context, const char *const args[]) {
  CertsCommand *command = certs_command(context);
  if (args[0] != nullptr && !command->directory)
    doveadm_mail_help_name("smime certs");
  (void)guarded("doveadm smime certs", false, [&] {
    command->prepared = prepare().release();
    return true;
  });
  if (!command->directory)
    return list_headers();
  for (const char *name : {"address", "state", "code", "dn"})
    doveadm_print_header_simple(name);
  doveadm_print_header("detail", "detail", DOVEADM_PRINT_HEADER_FLAG_EXPAND);
  doveadm_print_header_simple("remedy");
}

void certs_deinit(doveadm_mail_cmd_context *context) noexcept {
  delete certs_command(context)->prepared;
  certs_command(context)->prepared = nullptr;
}

bool certs_parse_arg(doveadm_mail_cmd_context *context, int c) noexcept {
  if (c != 'd')
    return false;
  certs_command(context)->directory = true;
  return true;
}

template <int (*Run)(doveadm_mail_cmd_context *, mail_user *)>
int run_guarded(doveadm_mail_cmd_context *context, mail_user *user) noexcept {
  int ret = guarded("doveadm smime certs", -1, [&] { return Run(context, user); });
  if (ret < 0 && context->exit_code == 0)
    doveadm_mail_failed_error(context, MAIL_ERROR_TEMP);
  return ret;
}

doveadm_mail_cmd_context *alloc_certs() {
  auto *command = doveadm_mail_cmd_alloc(CertsCommand);
  set_options(&command->ctx, "d", certs_parse_arg);
  set_init(&command->ctx, certs_init);
  command->ctx.v.run = run_guarded<certs_run>;
  command->ctx.v.deinit = certs_deinit;
  doveadm_print_init(DOVEADM_PRINT_TYPE_TABLE);
  return &command->ctx;
}

doveadm_mail_cmd_context *alloc_export() {
  auto *command = doveadm_mail_cmd_alloc(CertsCommand);
  set_init(&command->ctx, export_init);
  command->ctx.v.run = run_guarded<export_run>;
  doveadm_print_init(DOVEADM_PRINT_TYPE_FLOW);
  return &command->ctx;
}

const auto certs_parameters = mail_parameters(parameter('d', "directory", CMD_PARAM_BOOL),
                                              positional("address", CMD_PARAM_ARRAY));
const auto list_parameters = mail_parameters();
const auto export_parameters = mail_parameters(positional("address", CMD_PARAM_ARRAY));

} // namespace

doveadm_cmd_ver2 command_certs_list = {
    nullptr,       alloc_certs,           "smime certs list", "-u <user>|-A [-S <socket_path>]",
    CMD_FLAG_NONE, list_parameters.data()};
doveadm_cmd_ver2 command_certs_export = {nullptr,
                                         alloc_export,
                                         "smime certs export",
                                         "-u <user> [-S <socket_path>] <address> ...",
                                         CMD_FLAG_NONE,
                                         export_parameters.data()};
doveadm_cmd_ver2 command_certs = {
    nullptr,       alloc_certs,
    "smime certs", "-u <user>|-A [-S <socket_path>] [--directory [<address> ...]]",
    CMD_FLAG_NONE, certs_parameters.data()};

} // namespace smime
