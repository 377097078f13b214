// doveadm smime trust list, check and import. The store is read and every
// certificate parsed by smime-scanner; what it means is decided in trust-check.h.
#include "plugin/doveadm/smime.h"

#include "plugin/doveadm/scanner-program.h"
#include "plugin/operator/trust-check.h"
#include "plugin/store/atomic-file.h"

#include <cerrno>
#include <cstring>
#include <sys/stat.h>
#include <sysexits.h>

namespace smime {
namespace {

constexpr unsigned default_days = 30;
constexpr std::size_t max_import_size = 16UL * 1024 * 1024;

std::optional<StoreFacts> read_store() {
  std::string error;
  auto output = run_scanner({"--trust"}, {}, error);
  auto store = output ? store_facts_from_json(*output, error) : std::nullopt;
  if (store)
    return store;
  log_error("the trust store cannot be looked at: " + error);
  doveadm_exit_code = EX_TEMPFAIL;
  return std::nullopt;
}

// The directory of trust_dir, which need not be there before something is in it.
bool make_store(const StoreFacts &store) {
  if (store.directory.empty() || store.error.empty())
    return true;
  // Whatever the umask is: the scanner looks at it without rights.
  if ((mkdir(store.directory.c_str(), 0755) == 0 && chmod(store.directory.c_str(), 0755) == 0) ||
      errno == EEXIST)
    return true;
  log_error("trust_dir: " + store.directory + " cannot be made: " + std::strerror(errno));
  doveadm_exit_code = EX_CANTCREAT;
  return false;
}

// A store that can be used; else nullopt with the error logged.
std::optional<StoreFacts> read_usable_store() {
  auto store = read_store();
  if (!store || (!store->directory.empty() && store->error.empty()))
    return store;
  log_error(store->directory.empty() ? "trust_dir is not set in smime-scanner.conf: name the "
                                       "directory for the CAs that you trust there"
                                     : store->error);
  doveadm_exit_code = EX_CONFIG;
  return std::nullopt;
}

// --- list

void list() {
  doveadm_print_init(DOVEADM_PRINT_TYPE_TABLE);
  for (const char *name :
       {"kind", "subject", "issuer", "until", "state", "file", "serial", "sha256"})
    doveadm_print_header_simple(name);
  auto store = read_usable_store();
  if (!store)
    return;
  for (const ObjectFacts &object : store->objects) {
    print(object.kind);
    print(object.subject);
    print(object.issuer);
    print(date_text(object.not_after));
    print(state_of(object));
    print(object.file);
    print(object.serial);
    print(object.sha256);
  }
  for (const ReportError &problem : store->problems)
    log_warning(store->directory + "/" + problem.path + ": " + problem.text);
}

// --- check

void check(doveadm_cmd_context *context) {
  std::int64_t days = default_days;
  (void)doveadm_cmd_param_int64(context, "days", &days);
  if (days < 0 || days > 36500)
    die(EX_USAGE, "smime trust check: --days is 0 to 36500");
  doveadm_print_init(DOVEADM_PRINT_TYPE_TABLE);
  for (const char *name : {"state", "code", "file"})
    doveadm_print_header_simple(name);
  doveadm_print_header("detail", "detail", DOVEADM_PRINT_HEADER_FLAG_EXPAND);
  doveadm_print_header_simple("remedy");
  auto store = read_store();
  if (!store)
    return;
  Findings findings = check_trust(*store, time(nullptr), static_cast<unsigned>(days));
  for (const Finding &finding : findings)
    print_finding(finding);
  doveadm_exit_code = exit_code_of(worst_of(findings));
}

// --- import

void fail_import(int status, const std::string &file, const std::string &text) {
  print(file);
  print("refused");
  print("");
  print(text);
  doveadm_exit_code = status;
}

void import_object(const std::string &file, const ObjectFacts &object, StoreFacts &store,
                   const std::string &domain) {
  ImportDecision decision = decide_import(object, store, domain, time(nullptr));
  if (!decision.accepted)
    return fail_import(EX_DATAERR, file, decision.text);
  std::string folder = store.directory;
  if (!domain.empty())
    folder += "/" + domain;
  std::string error;
  if ((!domain.empty() && mkdir(folder.c_str(), 0755) < 0 && errno != EEXIST) ||
      !write_file(folder, decision.file_name, pem_of(object), 0644, error))
    return fail_import(EX_CANTCREAT, file,
                       error.empty() ? folder + ": " + std::strerror(errno) : error);
  print(file);
  print("imported");
  print(folder + "/" + decision.file_name);
  print(decision.text);
  store.objects.push_back(object);
  store.objects.back().file = decision.file_name;
  store.objects.back().domain = domain;
}

void import_file(const std::string &file, StoreFacts &store, const std::string &domain) {
  std::string bytes;
  std::string error;
  if (!read_file(file, max_import_size, bytes, error))
    return fail_import(EX_NOINPUT, file, error);
  auto output = run_scanner({"--certificate", "-"}, bytes, error);
  auto facts = output ? file_facts_from_json(*output, error) : std::nullopt;
  if (!facts)
    return fail_import(EX_TEMPFAIL, file, error);
  if (facts->objects.empty())
    return fail_import(EX_DATAERR, file, facts->error);
  // CAs first: a CRL beside its issuer is accepted.
  for (bool crls : {false, true}) {
    for (const ObjectFacts &object : facts->objects) {
      if ((object.kind == "crl") == crls)
        import_object(file, object, store, domain);
    }
  }
}

void import(doveadm_cmd_context *context) {
  const char *const *files;
  if (!doveadm_cmd_param_array(context, "certificate", &files))
    help_ver2(context->cmd);
  const char *domain = "";
  (void)doveadm_cmd_param_str(context, "domain", &domain);
  if (*domain != '\0' && !is_domain(domain))
    die(EX_USAGE, std::string("smime trust import: \"") + domain +
                      "\" is no domain (example.org, in lower case)");
  doveadm_print_init(DOVEADM_PRINT_TYPE_TABLE);
  for (const char *name : {"file", "result", "stored"})
    doveadm_print_header_simple(name);
  doveadm_print_header("detail", "detail", DOVEADM_PRINT_HEADER_FLAG_EXPAND);
  auto found = read_store();
  if (!found || !make_store(*found))
    return;
  auto store = read_usable_store();
  for (; store && *files != nullptr; files++)
    import_file(*files, *store, domain);
}

// --- the commands

template <typename Body> void in_guard(Body body) noexcept {
  bool ok = guarded("doveadm smime trust", false, [&] {
    body();
    return true;
  });
  if (!ok)
    doveadm_exit_code = EX_TEMPFAIL;
}

void run_list(doveadm_cmd_context *) noexcept { in_guard(list); }
void run_check(doveadm_cmd_context *context) noexcept {
  in_guard([&] { check(context); });
}
void run_import(doveadm_cmd_context *context) noexcept {
  in_guard([&] { import(context); });
}

const doveadm_cmd_param list_parameters[] = {doveadm_cmd_param{}};
const doveadm_cmd_param check_parameters[] = {parameter('d', "days", CMD_PARAM_INT64),
                                              doveadm_cmd_param{}};
// "file" would be opened by doveadm, as a stream.
const doveadm_cmd_param import_parameters[] = {parameter('o', "domain", CMD_PARAM_STR),
                                               positional("certificate", CMD_PARAM_ARRAY),
                                               doveadm_cmd_param{}};

} // namespace

doveadm_cmd_ver2 command_trust_list = {run_list, nullptr,       "smime trust list",
                                       "",       CMD_FLAG_NONE, list_parameters};
doveadm_cmd_ver2 command_trust_check = {run_check,      nullptr,       "smime trust check",
                                        "[--days <n>]", CMD_FLAG_NONE, check_parameters};
doveadm_cmd_ver2 command_trust_import = {run_import,           nullptr,
                                         "smime trust import", "[--domain <domain>] <file> ...",
                                         CMD_FLAG_NONE,        import_parameters};

} // namespace smime
