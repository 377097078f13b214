// doveadm smime status: what is aware, which rules, scanner, trust store: what is
// wrong and how to mend it. The findings are made in health-check.h.
#include "plugin/doveadm/smime.h"

#include "plugin/doveadm/register-access.h"
#include "plugin/doveadm/scanner-program.h"
#include "plugin/doveadm/sieve-quota.h"
#include "plugin/doveadm/tell.h"
#include "plugin/operator/desk-check.h"
#include "plugin/operator/health-check.h"
#include "plugin/operator/local-access.h"
#include "plugin/operator/protocol-plugins.h"
#include "plugin/operator/register-check.h"
#include "plugin/operator/separator-check.h"
#include "plugin/operator/sieve-targets.h"
#include "plugin/protect/preserve.h"
#include "plugin/protect/read-back.h"
#include "plugin/quarantine/access.h"
#include "plugin/quarantine/exclusions.h"
#include "plugin/quarantine/mailbox.h"
#include "plugin/quarantine/ownership.h"
#include "plugin/quarantine/promise.h"
#include "plugin/quarantine/request-store.h"
#include "plugin/quarantine/quarantine.h"
#include "plugin/register/spool.h"
#include "plugin/scan/scanner-client.h"
#include "plugin/scan/scanner-sockets.h"
#include "plugin/settings/awareness.h"
#include "plugin/settings/mailbox-policy.h"

extern "C" {
#include "mailbox-list-iter.h"
}

#include <charconv>
#include <chrono>
#include <dirent.h>
#include <fstream>
#include <map>
#include <memory>
#include <sstream>
#include <cerrno>
#include <cstring>
#include <sys/stat.h>
#include <unistd.h>

namespace smime {
namespace {

// What was found out with the rights that doveadm was started with.
struct Server {
  std::optional<HealthFacts> health;
  std::string health_error;
  std::vector<ProtocolPlugins> protocols;
  std::uint64_t vsz_limit = 0;
  std::string lmtp_user;
  RegisterFacts held_register;
  DeskFacts desk;
  Findings notices;
  // Before doveadm became the user.
  bool as_root = getuid() == 0;
  bool printed = false;
  // By socket: users mostly share one, and one that hangs is waited for once.
  std::map<std::string, Findings> probed;

  [[nodiscard]] const HealthFacts *known_health() const { return health ? &*health : nullptr; }
};

struct StatusCommand {
  doveadm_mail_cmd_context ctx;
  Server *server;
  Severity worst;
};

// --- the server

std::uint64_t parse_size(const std::string &text) {
  std::uint64_t number = 0;
  auto [rest, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (failure != std::errc())
    return 0;
  switch (*(rest + (*rest == ' ' ? 1 : 0))) {
  case 'k': return number << 10U;
  case 'M': return number << 20U;
  case 'G': return number << 30U;
  default: return number;
  }
}

RegisterFacts look_at_register() {
  RegisterFacts facts;
  Settings settings = settings_without_user();
  // Wrong settings have findings of their own.
  facts.is_set = settings.errors.empty() && !settings.register_dict.empty();
  if (!facts.is_set)
    return facts;
  facts.spool = settings.register_spool;
  SpoolFacts spool = look_at_spool(settings.register_spool);
  facts.spool_error = spool.error;
  facts.waiting = spool.waiting;
  facts.refused = spool.refused;
  facts.oldest = spool.oldest;
  auto database = open_register(settings, facts.error);
  if (database != nullptr)
    (void)database->works(facts.error);
  return facts;
}

// What keeps doveadm smime notify from telling anybody, where rules say that somebody is told.
Findings look_at_notices() {
  Settings settings = settings_without_user();
  Findings findings;
  auto tells = [](const Rule &rule) {
    return rule.notifies_recipient || rule.notifies_sender || !rule.notified.empty() ||
           rule.warn > 0;
  };
  if (!settings.errors.empty() || std::none_of(settings.rules.begin(), settings.rules.end(), tells))
    return findings;
  Links links;
  for (const std::string &error : wrong_with_notices(settings, links))
    findings.push_back({"notices", Severity::error, "notify", error,
                        "Nobody is told of what is held until it is mended; doveadm smime notify "
                        "--check looks again"});
  if (findings.empty())
    findings.push_back({"notices", Severity::ok, "notify",
                        texts_directory(settings) + "/" + settings.notice_language, ""});
  return findings;
}

SocketFacts::Socket socket_facts(const std::string &path) {
  SocketFacts::Socket facts{path};
  struct stat status {};
  facts.exists = stat(path.c_str(), &status) == 0;
  facts.mode = status.st_mode & 07777U;
  return facts;
}

// Where conf.d/92-smime-desk.conf is not read, Dovecot knows of no such service.
DeskFacts look_at_desk() {
  DeskFacts facts;
  std::string error;
  const std::string listener = "service/smime-desk/inet_listener/smime-desk/";
  auto values = read_dovecot_settings("", {listener + "port", listener + "ssl"}, error);
  if (!values)
    return facts;
  facts.port = values->front();
  facts.has_tls = values->back() == "yes";
#ifdef SMIME_DOVECOT_24
  const char *address = "listen";
#else
  const char *address = "address";
#endif
  if (auto where = read_dovecot_settings("", {listener + address}, error))
    facts.address = where->front();
  Settings settings = settings_without_user();
  // Wrong settings have findings of their own.
  bool is_wrong = !settings.errors.empty();
  facts.has_register = is_wrong || !settings.register_dict.empty();
  facts.has_reviewers = is_wrong || !settings.roles.empty() || !settings.reviewers.empty() ||
                        !settings.reviewers_all_mail.empty();
  auto socket = socket_facts(std::string(doveadm_settings->base_dir) + "/smime-desk-doveadm");
  facts.socket = socket.path;
  facts.has_socket = socket.exists;
  facts.socket_mode = socket.mode & 0777U;
  facts.allowed_commands = doveadm_settings->doveadm_allowed_commands;
  return facts;
}

std::unique_ptr<Server> look_at_server() {
  auto server = std::make_unique<Server>();
  std::string error;
  auto output = run_scanner({"--health"}, {}, error);
  if (output)
    server->health = health_facts_from_json(*output, error);
  server->health_error = error;
  if (auto protocols = read_protocols(ask_doveconf, error))
    server->protocols = *protocols;
  if (auto limit = read_dovecot_settings("", {"service/smime-scanner/vsz_limit"}, error))
    server->vsz_limit = parse_size(limit->front());
  if (auto user = read_dovecot_settings("", {"service/lmtp/user"}, error))
    server->lmtp_user = user->front();
  server->held_register = look_at_register();
  server->desk = look_at_desk();
  server->notices = look_at_notices();
  return server;
}

Probe probe_scanner(const Settings &settings, const std::string &socket) {
  Probe probe;
  probe.socket = socket;
  ScannerAddress address{probe.socket, settings.scanner_timeout_seconds};
  constexpr std::string_view message = "Subject: probe\r\n\r\nprobe\r\n";
  StreamPtr input(i_stream_create_from_data(message.data(), message.size()));
  auto before = std::chrono::steady_clock::now();
  probe.report = request_report(address, input.get(), message.size(), probe.error);
  probe.microseconds =
      static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::microseconds>(
                                     std::chrono::steady_clock::now() - before)
                                     .count());
  return probe;
}

Findings socket_findings(const Server &server, const std::string &socket) {
  return check_sockets(
      {socket_facts(socket), socket_facts(user_socket_path(socket)), server.lmtp_user},
      server.known_health());
}

PathFacts password_file_facts(const std::string &path) {
  PathFacts facts{"smime_directory_bind_password_file", path, 0, 0, {}};
  struct stat status {};
  if (stat(path.c_str(), &status) < 0) {
    facts.error = std::strerror(errno);
  } else {
    facts.mode = status.st_mode & 07777U;
    facts.owner = status.st_uid;
  }
  return facts;
}

void append(Findings &findings, const Findings &more) {
  findings.insert(findings.end(), more.begin(), more.end());
}

Findings server_findings(const Server &server, const Settings &settings) {
  Findings findings;
  if (server.health) {
    append(findings, check_scanner_settings(*server.health, settings, server.vsz_limit));
    append(findings, check_trust_store(*server.health, time(nullptr)));
    append(findings, check_paths(server.health->paths));
  } else {
    findings.push_back({"scanner settings", Severity::warning, "service smime-scanner",
                        "smime-scanner --health cannot be run: " + server.health_error,
                        "Run doveadm smime status as root, with conf.d/90-smime.conf in place"});
  }
  if (!settings.directory.bind_password_file.empty())
    append(findings, check_paths({password_file_facts(settings.directory.bind_password_file)}));
  append(findings, check_register(server.held_register, time(nullptr)));
  append(findings, check_desk(server.desk));
  append(findings, server.notices);
  append(findings, check_plugins(server.protocols));
  return findings;
}

// --- a user

std::vector<MailboxFacts> look_at_mailboxes(mail_user *user,
                                            const std::shared_ptr<const Settings> &settings) {
  std::vector<MailboxFacts> mailboxes;
  static const char *const patterns[] = {"*", nullptr};
  mailbox_list_iterate_context *iteration = mailbox_list_iter_init_namespaces(
      user->namespaces, patterns, static_cast<mail_namespace_type>(MAIL_NAMESPACE_TYPE_MASK_ALL),
      static_cast<mailbox_list_iter_flags>(0));
  const mailbox_info *info;
  while ((info = mailbox_list_iter_next(iteration)) != nullptr) {
    if ((info->flags & (MAILBOX_NOSELECT | MAILBOX_NONEXISTENT)) != 0)
      continue;
    DataStackFrame frame;
    MailboxFacts facts;
    facts.name = info->vname;
    facts.separator = mail_namespace_get_sep(info->ns);
    facts.is_aware = is_aware(info->ns, facts.name, *settings);
    facts.name_space = info->ns->set->name == nullptr ? info->ns->prefix : info->ns->set->name;
    MailboxPtr box = alloc_mailbox(user, facts.name, MAILBOX_FLAG_IGNORE_ACLS);
    auto rules = rules_of(box.get(), settings, facts.policy_error);
    if (rules != nullptr && rules->size() > settings->rules.size())
      facts.own_rules.assign(rules->begin(),
                             rules->end() - static_cast<std::ptrdiff_t>(settings->rules.size()));
    // If it carries the mark of a quarantine, its name is known from now on.
    (void)mailbox_open(box.get());
    mailboxes.push_back(std::move(facts));
  }
  if (mailbox_list_iter_deinit(&iteration) < 0)
    log_error(user->event, "the mailboxes cannot be listed");
  return mailboxes;
}

std::string read_script(const std::string &file) {
  constexpr std::size_t most = 1024 * 1024;
  std::ifstream input(file);
  std::string text(most, '\0');
  input.read(text.data(), static_cast<std::streamsize>(most));
  text.resize(static_cast<std::size_t>(std::max<std::streamsize>(input.gcount(), 0)));
  return text;
}

// A script, or those of a directory as sieve_before and sieve_after may name.
std::vector<std::string> script_files(const std::string &path) {
  std::vector<std::string> files;
  DIR *directory = opendir(path.c_str());
  if (directory == nullptr)
    return access(path.c_str(), R_OK) == 0 ? std::vector<std::string>{path} : files;
  while (const dirent *entry = readdir(directory)) {
    if (std::string_view(entry->d_name).ends_with(".sieve"))
      files.push_back(path + "/" + entry->d_name);
  }
  (void)closedir(directory);
  return files;
}

std::vector<SieveFacts> look_at_sieve(mail_user *user, const Settings &settings,
                                      const std::string &home) {
  std::vector<SieveFacts> scripts;
  auto look = [&](const std::string &setting, const std::string &value) {
    for (const std::string &file : script_files(active_sieve_file(value, home))) {
      SieveFacts facts{setting, file, {}};
      const std::string script = read_script(file);
      facts.sending = sieve_sending_actions(script);
      for (const std::string &mailbox : sieve_targets(script))
        facts.targets.push_back(
            {mailbox,
             is_aware(mail_namespace_find(user->namespaces, mailbox.c_str()), mailbox, settings)});
      scripts.push_back(std::move(facts));
    }
  };
  for (const auto &[name, value] : sieve_settings(user))
    look(name, value);
  return scripts;
}

void count_messages(mail_user *user, const Settings &settings, QuarantineFacts &facts) {
  std::map<std::string, std::size_t> all;
  std::map<std::string, std::size_t> foreign;
  std::string error;
  // Whoever runs expire once a day is not late.
  constexpr std::int64_t late = 86400;
  const std::int64_t now = time(nullptr);
  const RequestBook book = read_requests_or_warn(user);
  auto count_held = [&](mail *m, const ParsedBlock &block) {
    all[m->box->vname]++;
    auto promise = promise_of(block.record, book);
    if (promise && promise->is_due(now - late))
      facts.overdue++;
    return Visit::next;
  };
  auto count_foreign = [&](mail *m) {
    all[m->box->vname]++;
    foreign[m->box->vname]++;
  };
  if (visit_quarantine(user, settings, "", count_held, error, count_foreign) == FindResult::failed)
    log_error(user->event, "the quarantine cannot be looked through: " + error);
  facts.foreign.assign(foreign.begin(), foreign.end());
  for (const std::string &name : former_names(user, settings))
    facts.former.emplace_back(name, all[name]);
}

QuarantineFacts look_at_quarantine(mail_user *user, const Settings &settings, bool has_home) {
  QuarantineFacts facts;
  MailboxPtr box = alloc_mailbox(user, settings.quarantine_mailbox, MAILBOX_FLAG_IGNORE_ACLS);
  if (box->set != nullptr) {
    facts.autoexpunge = box->set->autoexpunge;
    facts.autoexpunge_max_mails = box->set->autoexpunge_max_mails;
  }
  facts.index_setting = index_setting;
  const char *ignored;
  facts.index_in_memory =
      mailbox_get_path_to(box.get(), MAILBOX_LIST_PATH_TYPE_INDEX, &ignored) == 0;
  facts.central = is_central(box.get());
  facts.users_own = users_own_names(user, settings);
  count_messages(user, settings, facts);
  facts.quota_roots = quota_settings_of(user);
  auto exclusion = index_exclusion(user, settings);
  facts.fts_autoindex = exclusion.has_value();
  facts.fts_exclusion = exclusion.value_or("nothing");
  MailboxPtr inbox = alloc_mailbox(user, "INBOX", MAILBOX_FLAG_IGNORE_ACLS);
  facts.storage = inbox->storage->name;
  facts.storage_setting = storage_setting;
  facts.can_read_back = can_read_back(inbox.get());
  facts.has_home = has_home;
  return facts;
}

// Where the user's mailboxes are; empty if they are in no local files.
std::string store_of(mail_user *user) {
  const mail_namespace *ns = mail_namespace_find_inbox(user->namespaces);
  const char *root;
  return mailbox_list_get_root_path(ns->list, MAILBOX_LIST_PATH_TYPE_MAILBOX, &root) ? root : "";
}

// The rights are those of the user here, as in the processes that serve and deliver his mail.
Findings reach_findings(mail_user *user, const Settings &settings, bool as_root) {
  DataStackFrame frame;
  MailboxPtr box = alloc_mailbox(user, settings.quarantine_mailbox, MAILBOX_FLAG_IGNORE_ACLS);
  const char *path;
  if (mailbox_get_path_to(box.get(), MAILBOX_LIST_PATH_TYPE_MAILBOX, &path) <= 0)
    return {};
  return check_reach(look_at_reach(path), as_root, settings);
}

Findings rule_findings(const Settings &settings) {
  Findings findings;
  if (settings.rules.empty() && settings.errors.empty())
    findings.push_back(
        {"rules", Severity::ok, "smime_rule", "no smime_rule is set: everything is delivered", ""});
  for (const Rule &rule : settings.rules)
    findings.push_back({rule.setting, Severity::ok, rule.setting, rule.text, ""});
  return findings;
}

std::string separators_of(mail_user *user) {
  std::string separators;
  for (mail_namespace *ns = user->namespaces; ns != nullptr; ns = ns->next)
    separators += mail_namespace_get_sep(ns);
  return separators;
}

Findings user_findings(mail_user *user, const std::shared_ptr<const Settings> &settings,
                       bool as_root) {
  const char *home = nullptr;
  bool has_home = mail_user_get_home(user, &home) > 0;
  Findings findings = check_settings(*settings);
  const std::string store = store_of(user);
  const Reach reach = store.empty() ? Reach() : look_at_reach(store);
  // All else would say the same once more.
  if (!reach.error.empty()) {
    append(findings, check_unusable_store(reach, store, user->username, storage_setting));
    return findings;
  }
  append(findings, check_mailboxes(look_at_mailboxes(user, settings), *settings));
  append(findings, check_separators(separators_of(user), *settings));
  append(findings, rule_findings(*settings));
  append(findings, check_quarantine(look_at_quarantine(user, *settings, has_home), *settings));
  append(findings, reach_findings(user, *settings, as_root));
  append(findings, check_sieve(look_at_sieve(user, *settings, has_home ? home : ""), *settings));
  return findings;
}

// --- the command

void print_headers() {
  for (const char *name : {"check", "state", "setting"})
    doveadm_print_header_simple(name);
  doveadm_print_header("detail", "detail", DOVEADM_PRINT_HEADER_FLAG_EXPAND);
  doveadm_print_header_simple("remedy");
}

void print_findings(const Findings &findings) {
  for (const Finding &finding : findings) {
    print(finding.check);
    print(std::string(name_of(finding.severity)));
    print(finding.setting);
    print(finding.detail);
    print(finding.remedy);
  }
}

StatusCommand *status_command(doveadm_mail_cmd_context *context) {
  return reinterpret_cast<StatusCommand *>(context);
}

void status_init(doveadm_mail_cmd_context *context, const char *const args[]) {
  if (args[0] != nullptr)
    doveadm_mail_help_name("smime status");
  print_headers();
  (void)guarded("doveadm smime status", false, [&] {
    status_command(context)->server = look_at_server().release();
    return true;
  });
}

int status_run(doveadm_mail_cmd_context *context, mail_user *user) {
  StatusCommand *command = status_command(context);
  UserContext *found = require_user_context(context, user);
  if (found == nullptr || command->server == nullptr)
    return -1;
  const Settings &settings = *found->settings;
  Findings findings = user_findings(user, found->settings, command->server->as_root);
  std::string socket = scanner_socket_path(settings.scanner_socket, user->set->base_dir);
  auto &probed = command->server->probed;
  if (!probed.contains(socket)) {
    probed[socket] = check_probe(probe_scanner(settings, socket), command->server->known_health());
    append(probed[socket], socket_findings(*command->server, socket));
  }
  append(findings, probed[socket]);
  // It is the same for every user.
  if (!command->server->printed)
    append(findings, server_findings(*command->server, settings));
  command->server->printed = true;
  print_findings(findings);
  command->worst = std::max(command->worst, worst_of(findings));
  // Over HTTP an exit code is all that would be answered.
  if (command->worst != Severity::ok && context->cctx->conn_type != DOVEADM_CONNECTION_TYPE_HTTP)
    context->exit_code = exit_code_of(command->worst);
  return 0;
}

int run_guarded(doveadm_mail_cmd_context *context, mail_user *user) noexcept {
  int ret = guarded("doveadm smime status", -1, [&] { return status_run(context, user); });
  if (ret < 0 && context->exit_code == 0)
    doveadm_mail_failed_error(context, MAIL_ERROR_TEMP);
  return ret;
}

void status_deinit(doveadm_mail_cmd_context *context) noexcept {
  delete status_command(context)->server;
  status_command(context)->server = nullptr;
}

doveadm_mail_cmd_context *alloc() {
  auto *command = doveadm_mail_cmd_alloc(StatusCommand);
  set_init(&command->ctx, status_init);
  command->ctx.v.run = run_guarded;
  command->ctx.v.deinit = status_deinit;
  doveadm_print_init(DOVEADM_PRINT_TYPE_TABLE);
  return &command->ctx;
}

// Without a user: the server alone.
void run_for_server() {
  doveadm_print_init(DOVEADM_PRINT_TYPE_TABLE);
  print_headers();
  Settings settings = settings_without_user();
  Findings findings = check_settings(settings);
  append(findings, rule_findings(settings));
  std::string socket = scanner_socket_path(settings.scanner_socket, doveadm_settings->base_dir);
  auto server = look_at_server();
  append(findings, check_probe(probe_scanner(settings, socket), server->known_health()));
  append(findings, socket_findings(*server, socket));
  append(findings, server_findings(*server, settings));
  print_findings(findings);
  doveadm_exit_code = exit_code_of(worst_of(findings));
}

void run(doveadm_cmd_context *context) noexcept {
  if (is_about_users(context))
    return doveadm_cmd_ver2_to_mail_cmd_wrapper(context);
  (void)guarded("doveadm smime status", false, [] {
    run_for_server();
    return true;
  });
}

const auto parameters = mail_parameters();

} // namespace

doveadm_cmd_ver2 command_status = {run,
                                   alloc,
                                   "smime status",
                                   "[-u <user>|-A] [-S <socket_path>]",
                                   CMD_FLAG_NONE,
                                   parameters.data()};

} // namespace smime
