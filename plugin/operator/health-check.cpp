#include "plugin/operator/health-check.h"

#include "plugin/rules/arrival.h"

#include <algorithm>
#include <map>
#include <sstream>

namespace smime {
namespace {

constexpr std::uint64_t slow_microseconds = 500 * 1000;
// The scanner ends what takes too long so many seconds later than its timeout.
constexpr std::uint64_t timeout_grace = 3;
// A process needs so much without any message.
constexpr std::uint64_t scanner_base_memory = 64ULL * 1024 * 1024;
constexpr std::int64_t soon = 14 * 86400;
constexpr std::size_t max_names = 10;

std::string count_of(std::size_t number, const std::string &singular) {
  return std::to_string(number) + " " + singular + (number == 1 ? "" : "s");
}

// "a, b, c and 7 more"
std::string join_names(const std::vector<std::string> &names) {
  std::string text;
  std::size_t shown = std::min(names.size(), max_names);
  for (std::size_t i = 0; i < shown; i++)
    text += (i == 0 ? "" : ", ") + names[i];
  if (names.size() > shown)
    text += " and " + std::to_string(names.size() - shown) + " more";
  return text;
}

std::string octal(std::uint32_t mode) {
  std::ostringstream text;
  text << std::oct << (mode & 07777U);
  return text.str();
}

bool has_word(std::string_view list, std::string_view word) {
  std::istringstream words{std::string(list)};
  for (std::string found; words >> found;) {
    if (found == word)
      return true;
  }
  return false;
}

std::string without_word(std::string_view list, std::string_view word) {
  std::istringstream words{std::string(list)};
  std::string rest;
  for (std::string found; words >> found;) {
    if (found != word)
      rest += " " + found;
  }
  return rest;
}

} // namespace

Findings check_scanner_settings(const HealthFacts &facts, const Settings &settings,
                                std::uint64_t vsz_limit) {
  if (!facts.config_error.empty())
    return {{"scanner settings", Severity::error, "smime-scanner.conf", facts.config_error,
             "Mend that line; no scanner starts before, and smime_scanner_failure applies to "
             "all mail"}};
  Findings findings;
  if (!facts.escrow_error.empty())
    findings.push_back({"escrow key", Severity::error, "escrow_key", facts.escrow_error,
                        "Mend the file or take both settings out of " + facts.config +
                            "; no scanner starts before"});
  if (facts.timeout + timeout_grace > settings.scanner_timeout_seconds)
    findings.push_back(
        {"scanner settings", Severity::warning, "timeout",
         "timeout = " + std::to_string(facts.timeout) +
             "s is not less than smime_scanner_timeout = " +
             std::to_string(settings.scanner_timeout_seconds) +
             "s by 3 seconds: deliveries give up before the scanner says why",
         "Raise smime_scanner_timeout in 90-smime.conf or lower timeout in " + facts.config});
  std::uint64_t most = facts.max_document_size + facts.max_opened_size + scanner_base_memory;
  bool has_key = facts.max_opened_size > 0;
  if (vsz_limit != 0 && most > vsz_limit)
    findings.push_back(
        {"scanner settings", Severity::warning, has_key ? "max_opened_size" : "max_document_size",
         "a message with max_document_size = " + std::to_string(facts.max_document_size) +
             (has_key ? " and max_opened_size = " + std::to_string(facts.max_opened_size) : "") +
             " does not fit into vsz_limit = " + std::to_string(vsz_limit),
         "Raise vsz_limit of service smime-scanner in 90-smime.conf"});
  if (settings.harvest_certificates && !facts.report_certificates)
    findings.push_back({"scanner settings", Severity::warning, "report_certificates",
                        "smime_harvest_certificates=yes has no effect: the scanner does not "
                        "report certificates",
                        "Set report_certificates = yes in " + facts.config});
  if (findings.empty())
    findings.push_back({"scanner settings", Severity::ok, "smime-scanner.conf", facts.config, ""});
  return findings;
}

std::optional<Finding> find_no_store(const StoreFacts &store) {
  if (store.directory.empty())
    return Finding{"trust store", Severity::ok, "trust_dir",
                   "trust_dir is not set, which is a choice: no CA is trusted, and no mail is "
                   "signed/verified",
                   "To have that, set trust_dir in smime-scanner.conf, and import the CAs that you "
                   "trust: doveadm smime trust import FILE"};
  if (!store.error.empty())
    return Finding{"trust store", Severity::error, "trust_dir", store.error,
                   "doveadm smime trust import FILE makes the directory if it is not there; else "
                   "make it readable for root, or mend trust_dir in smime-scanner.conf"};
  return std::nullopt;
}

Findings check_trust_store(const HealthFacts &facts, std::int64_t now) {
  const StoreFacts &store = facts.trust;
  if (!facts.config_error.empty())
    return {};
  if (auto none = find_no_store(store))
    return {*none};
  std::size_t anchors = 0;
  std::size_t intermediates = 0;
  std::size_t crls = 0;
  std::size_t others = 0;
  std::size_t expired = 0;
  std::size_t expiring = 0;
  std::size_t stale = 0;
  for (const ObjectFacts &object : store.objects) {
    bool crl = object.kind == "crl";
    (object.kind == "anchor"         ? anchors
     : object.kind == "intermediate" ? intermediates
     : crl                           ? crls
                                     : others)++;
    if (crl)
      stale += object.not_after != 0 && object.not_after < now;
    else if (object.kind != "other")
      (object.not_after < now ? expired : expiring) += object.not_after < now + soon;
  }
  Findings findings;
  std::string summary = count_of(anchors, "anchor") + ", " +
                        count_of(intermediates, "intermediate") + ", " + count_of(crls, "CRL") +
                        " in " + store.directory;
  if (anchors == 0)
    findings.push_back({"trust store", Severity::error, "trust_dir",
                        summary + ": without an anchor no signature is verified",
                        "doveadm smime trust import FILE"});
  else
    findings.push_back({"trust store", Severity::ok, "trust_dir", summary, ""});
  auto warn = [&](std::size_t number, Severity severity, const std::string &text) {
    if (number > 0)
      findings.push_back({"trust store", severity, "trust_dir", text,
                          "doveadm smime trust check names them and what to do"});
  };
  warn(expired, Severity::warning, count_of(expired, "CA certificate") + " expired");
  warn(expiring, Severity::warning,
       count_of(expiring, "CA certificate") + " will expire within 14 days");
  warn(stale, store.crl_policy == "require" ? Severity::error : Severity::warning,
       count_of(stale, "CRL") + " stale" +
           (store.crl_policy == "require"
                ? " and crl_policy=require: signatures below them are not verified"
                : ""));
  warn(others, Severity::warning, count_of(others, "certificate") + " of no CA: without effect");
  warn(store.problems.size(), Severity::warning,
       count_of(store.problems.size(), "file") + " cannot be used");
  return findings;
}

Findings check_paths(const std::vector<PathFacts> &paths) {
  Findings findings;
  for (const PathFacts &path : paths) {
    if (!path.error.empty()) {
      findings.push_back({"files", Severity::error, path.setting, path.path + ": " + path.error,
                          "Mend the path of " + path.setting});
      continue;
    }
    bool secret =
        path.setting == "escrow_key" || path.setting == "smime_directory_bind_password_file";
    std::string mode = path.path + " has mode " + octal(path.mode);
    if (secret && (path.mode & 0007U) != 0)
      findings.push_back({"files", Severity::error, path.setting,
                          mode + ": every local user can read the secret",
                          "chmod 600 " + path.path + ", and consider it known to others"});
    else if ((path.mode & 0002U) != 0)
      findings.push_back({"files", Severity::error, path.setting,
                          mode + ": every local user can change whom you trust",
                          "chmod o-w " + path.path});
    else
      findings.push_back({"files", Severity::ok, path.setting, mode, ""});
  }
  return findings;
}

Findings check_sockets(const SocketFacts &sockets, const HealthFacts *health) {
  Findings findings;
  bool has_key = health != nullptr &&
                 std::any_of(health->paths.begin(), health->paths.end(),
                             [](const PathFacts &path) { return path.setting == "escrow_key"; });
  std::string own = sockets.own.path + " has mode " + octal(sockets.own.mode);
  bool is_open = (sockets.own.mode & 0002U) != 0;
  if (sockets.own.exists && is_open)
    findings.push_back(
        {"sockets", Severity::warning, "service smime-scanner",
         own + ": every local user can keep the processes busy that deliveries need" +
             (has_key ? ", beside an escrow key, which is used for trusted users alone" : ""),
         "Set mode = 0600 there and add service smime-scanner-user, as the "
         "90-smime.conf of this version has them"});
  if (sockets.own.exists && !is_open && !sockets.users.exists)
    findings.push_back({"sockets", Severity::error, "service smime-scanner-user",
                        sockets.users.path + " is missing: smime_scanner_failure applies to what "
                                             "users with a uid of their own save",
                        "Add service smime-scanner-user, as the 90-smime.conf of this version has "
                        "it"});
  const std::string &user = sockets.lmtp_user;
  if (has_key && !user.empty() && user != "root" && user != "0" &&
      std::find(health->trusted_users.begin(), health->trusted_users.end(), user) ==
          health->trusted_users.end())
    findings.push_back({"sockets", Severity::warning, "trusted_users",
                        "lmtp runs as " + user +
                            ", which is not trusted: no mail that it delivers "
                            "is opened with the escrow key",
                        "Set trusted_users = " + user + " in " + health->config +
                            ", and user = " + user + " of the unix_listener smime-scanner"});
  if (sockets.own.exists && findings.empty())
    findings.push_back({"sockets", Severity::ok, "service smime-scanner", own, ""});
  return findings;
}

Findings check_probe(const Probe &probe, const HealthFacts *health) {
  if (!probe.report)
    return {{"scanner", Severity::error, "smime_scanner_socket",
             probe.error + ". Meanwhile smime_scanner_failure applies",
             "See service smime-scanner in 90-smime.conf, \"scanner settings\" and Dovecot's log"}};
  std::uint64_t tenths = probe.microseconds / 100;
  std::string detail = probe.socket + " answers in " + std::to_string(tenths / 10) + "." +
                       std::to_string(tenths % 10) + " ms";
  Findings findings;
  if (probe.microseconds > slow_microseconds)
    findings.push_back({"scanner", Severity::warning, "process_limit",
                        detail + ", which is slow for a small message",
                        "See whether the machine or the virus scanner is overloaded, and raise "
                        "process_limit of service smime-scanner if all its processes are busy"});
  else
    findings.push_back({"scanner", Severity::ok, "", detail, ""});
  const Report &report = *probe.report;
  switch (report.scan) {
  case ScanVerdict::not_scanned:
    // A process waits for the next message with the settings of when it was started.
    if (health != nullptr && !health->clamd.empty())
      findings.push_back({"engine", Severity::warning, "clamd",
                          "clamd is set in " + health->config +
                              ", and the scanner that answered was started before",
                          "doveadm reload"});
    else
      findings.push_back({"engine", Severity::ok, "clamd", "no virus scanner is set", ""});
    break;
  case ScanVerdict::error:
    findings.push_back({"engine", Severity::error, "clamd",
                        report.scan_engine + ": " + report.scan_name +
                            "; smime_scanner_failure applies to all mail",
                        "Start the virus scanner, or mend clamd in smime-scanner.conf"});
    break;
  default:
    findings.push_back({"engine", Severity::ok, "clamd", report.scan_engine + " answers", ""});
  }
  return findings;
}

std::string words_of_list(std::string_view doveconf_output, std::string_view outer) {
  std::istringstream lines{std::string(doveconf_output)};
  std::string line;
  std::getline(lines, line);
  auto equals = line.find('=');
  if (equals != std::string::npos)
    return line.substr(equals + 1);
  std::string words(outer);
  for (std::string word, sign, value; lines >> word >> sign >> value;) {
    if (value == "yes" && !has_word(words, word))
      words += " " + word;
    else if (value == "no")
      words = without_word(words, word);
  }
  return words;
}

namespace {

std::string without_the_plugin(const std::string &protocol) {
  if (protocol == "lmtp" || protocol == "lda")
    return "mail that is delivered is neither inspected nor protected";
  if (protocol == "sieve")
    return "a reviewer's login changes the user's Sieve scripts";
  if (protocol == "submission")
    return "a reviewer's login sends mail in the user's name";
  return "the quarantine is open, and what is saved is not protected";
}

} // namespace

Findings check_plugins(const std::vector<ProtocolPlugins> &protocols) {
  Findings findings;
  for (const ProtocolPlugins &entry : protocols) {
    if (has_word(entry.mail_plugins, "smime"))
      continue;
    findings.push_back(
        {"mail_plugins", Severity::error, "protocol " + entry.protocol + " { mail_plugins }",
         "smime is not in it: " + without_the_plugin(entry.protocol),
         "Have !include smime-load.conf.ext in 90-smime.conf, without # and in place of a "
         "mail_plugins line; where a later file sets it, begin it with $mail_plugins (Dovecot 2.4: "
         "a block, mail_plugins { NAME = yes }). Then doveadm reload"});
  }
  if (findings.empty())
    findings.push_back(
        {"mail_plugins", Severity::ok, "mail_plugins", "smime is loaded in every protocol", ""});
  return findings;
}

Findings check_settings(const Settings &settings) {
  Findings findings;
  if (settings.errors.empty()) {
    for (const std::string &text : missing_rules_of_roles(settings))
      findings.push_back({"settings", Severity::warning, text.substr(0, text.find(':')), text,
                          "For this rule the role is about nothing, unless some user or mailbox "
                          "has it: name a rule that there is"});
    if (findings.empty())
      findings.push_back({"settings", Severity::ok, "", "", ""});
    return findings;
  }
  for (const std::string &error : settings.errors)
    findings.push_back({"settings", Severity::error, error.substr(0, error.find(':')), error,
                        "Mend it in 90-smime.conf or the userdb; deliveries are deferred until "
                        "then"});
  return findings;
}

namespace {

// The rules that can decide about mail for the mailbox, in their order.
std::string rules_for(const MailboxFacts &mailbox, const Settings &settings) {
  std::vector<std::string> names;
  for (const Rule &rule : mailbox.own_rules)
    names.push_back("its own \"" + rule.text + "\"");
  for (const Rule &rule : settings.rules) {
    if (holds_for_mailbox(rule, mailbox.name, mailbox.separator))
      names.push_back(rule.setting);
  }
  std::string text;
  for (const std::string &name : names)
    text += (text.empty() ? "" : ", ") + name;
  return text.empty() ? "no rule: everything is delivered" : text;
}

} // namespace

Findings check_mailboxes(const std::vector<MailboxFacts> &mailboxes, const Settings &settings) {
  struct Space {
    std::size_t aware = 0;
    std::vector<std::string> unaware;
  };
  std::map<std::string, Space> spaces;
  std::map<std::string, std::vector<std::string>> by_rules;
  Findings findings;
  for (const MailboxFacts &mailbox : mailboxes) {
    Space &space = spaces[mailbox.name_space];
    if (!mailbox.is_aware) {
      space.unaware.push_back(mailbox.name);
      continue;
    }
    space.aware++;
    if (mailbox.name == settings.quarantine_mailbox)
      continue;
    if (!mailbox.policy_error.empty())
      findings.push_back({"mailbox " + mailbox.name, Severity::error, "METADATA",
                          mailbox.policy_error + ": mail for it is deferred",
                          "Mend its policy with doveadm mailbox metadata set"});
    else
      by_rules[rules_for(mailbox, settings)].push_back(mailbox.name);
  }
  for (const auto &[name, space] : spaces) {
    std::size_t all = space.aware + space.unaware.size();
    std::string detail = std::to_string(space.aware) + " of " + std::to_string(all) +
                         (all == 1 ? " mailbox is" : " mailboxes are") +
                         " S/MIME-aware (smime_stores=" + settings.stores_text + ")";
    if (!space.unaware.empty())
      detail += "; not aware: " + join_names(space.unaware);
    findings.push_back({"namespace " + name, Severity::ok, "smime_stores", detail, ""});
  }
  for (const auto &[rules, names] : by_rules)
    findings.push_back({"mailboxes", Severity::ok, rules, join_names(names), ""});
  return findings;
}

namespace {

// What becomes of mail that is held when it is saved alone, with what the script does before.
std::string consequence_of(const std::vector<std::string> &sending) {
  auto is_told = [](const std::string &action) {
    return action == "vacation" || action == "notify";
  };
  std::vector<std::string> ways;
  std::vector<std::string> tellers;
  for (const std::string &action : sending)
    (is_told(action) ? tellers : ways).push_back(action);
  std::string text;
  if (!ways.empty())
    text = "with " + join_names(ways) + " mail leaves that they would hold";
  if (!tellers.empty())
    text += (text.empty() ? "" : ", and ") + std::string("with ") + join_names(tellers) +
            " others are told of mail that is held then";
  return text;
}

// A script that sends mail runs before the rules with when=save are asked. If there are
// rules with when=arrival that hold or refuse mail, the operator chose, and is reminded.
void check_sending(const SieveFacts &script, const Settings &settings, Findings &findings) {
  auto late = settings_held_at_save_alone(settings.rules);
  if (script.sending.empty() || late.empty())
    return;
  findings.push_back(
      {"sieve", holds_at_arrival(settings.rules) ? Severity::ok : Severity::warning, "when=save",
       script.file + " (" + script.setting + ") runs before " + join_names(late) +
           (late.size() == 1 ? " is" : " are") + " asked: " + consequence_of(script.sending),
       "Put when=arrival into " + join_names(late) +
           ", or a rule with it beside, as 90-smime.conf "
           "shows; a rule with mailbox= cannot have it"});
}

} // namespace

Findings check_sieve(const std::vector<SieveFacts> &scripts, const Settings &settings) {
  Findings findings;
  for (const SieveFacts &script : scripts) {
    std::vector<std::string> outside;
    for (const SieveFacts::Target &target : script.targets) {
      if (!target.is_aware &&
          std::find(outside.begin(), outside.end(), target.mailbox) == outside.end())
        outside.push_back(target.mailbox);
      if (target.mailbox == settings.quarantine_mailbox)
        findings.push_back({"sieve", Severity::warning, script.setting,
                            script.file + " files into the quarantine itself, where mail lacks "
                                          "what a release needs",
                            "Have the script file elsewhere, or name another "
                            "smime_quarantine_mailbox"});
    }
    if (!outside.empty())
      findings.push_back({"sieve", Severity::warning, "smime_stores",
                          script.file + " files into " + join_names(outside) +
                              ", outside of smime_stores=" + settings.stores_text +
                              ": what it files there is under no rule and not protected",
                          "Add the mailbox to smime_stores, or change the script"});
    check_sending(script, settings, findings);
  }
  if (worst_of(findings) == Severity::ok)
    findings.insert(findings.begin(), {"sieve", Severity::ok, "sieve",
                                       scripts.empty() ? "no script"
                                                       : count_of(scripts.size(), "script") +
                                                             ", filing into S/MIME-aware mailboxes",
                                       ""});
  return findings;
}

namespace {

// Mail that its owner has, or should have, under the quarantine's name.
Findings check_other_mail(const QuarantineFacts &facts) {
  Findings findings;
  if (!facts.users_own.empty())
    findings.push_back({"quarantine", Severity::error, "smime_quarantine_mailbox",
                        "the user has a mailbox " + join_names(facts.users_own) +
                            " with other mail in it, which "
                            "stays open to him: " +
                            (facts.users_own.size() == 1 ? "mail is held in another one beside it"
                                                         : "mail that must be held is deferred"),
                        "doveadm mailbox rename -u USER " + facts.users_own.front() +
                            " NEWNAME, or set "
                            "smime_quarantine_mailbox to a name that no user has; what is held "
                            "stays where it is"});
  for (const auto &[name, count] : facts.foreign)
    findings.push_back(
        {"quarantine", Severity::error, "smime_quarantine_mailbox",
         count_of(count, "message") + " in " + name + " that " + (count == 1 ? "is" : "are") +
             " not held: the owner does not see what is there",
         "doveadm move -u USER INBOX mailbox " + name +
             " NOT HEADER X-SMIME-Quarantine-Id \"\": that gives the owner what is not held"});
  for (const auto &[name, count] : facts.former)
    findings.push_back(
        {"quarantine", Severity::warning, "smime_quarantine_mailbox",
         name + " was the quarantine before and has " + count_of(count, "message") +
             " in it: it stays closed to its owner until it is empty",
         "doveadm smime quarantine list -u USER has them beside the others: release, reject or "
         "delete them, or let them expire"});
  return findings;
}

} // namespace

Findings check_quarantine(const QuarantineFacts &facts, const Settings &settings) {
  Findings findings = check_other_mail(facts);
  const std::string &name = settings.quarantine_mailbox;
  if (facts.overdue > 0)
    findings.push_back({"quarantine", Severity::warning, "hold",
                        count_of(facts.overdue, "message") + " in " + name +
                            " whose time was over more than a day ago",
                        "Have cron run doveadm smime quarantine expire -A (doveadm-smime(1), "
                        "EXAMPLES), which says what fails"});
  if (facts.autoexpunge != 0 || facts.autoexpunge_max_mails != 0)
    findings.push_back(
        {"quarantine", Severity::warning, "autoexpunge",
         "autoexpunge has no effect in " + name + ": held mail goes by a decision",
         "Take autoexpunge and autoexpunge_max_mails from that mailbox; doveadm smime quarantine "
         "expire removes what is old"});
  if (facts.index_in_memory)
    findings.push_back(
        {"quarantine", Severity::warning, facts.index_setting,
         "the index of " + name +
             " is in memory (INDEX=MEMORY): it keeps no marks, so that all "
             "of " +
             name +
             " is read with every message that is held, and a refusal leaves what an "
             "earlier try held",
         "Give that namespace's indexes a directory on disk"});
  if (facts.central && settings.quarantine_access != QuarantineAccess::reviewers)
    findings.push_back(
        {"quarantine", Severity::warning, "smime_quarantine_access",
         name +
             " is in a namespace that is not the user's own, with others' mail in it: it is open "
             "to reviewers alone, whatever smime_quarantine_access says",
         "Take smime_quarantine_access out, or have mail held in each user's own namespace"});
  for (const auto &[setting, value] : facts.quota_roots) {
    if (value.starts_with("fs:") || value == "fs")
      findings.push_back({"quarantine", Severity::warning, setting,
                          "the quarantine counts in the file system's quota (" + value +
                              "): when that is full, mail is deferred",
                          "Put smime_quarantine_mailbox into a namespace on another file system, "
                          "or use the count driver"});
    if (value.find(name + ":") != std::string::npos &&
        value.find(name + ":ignore") == std::string::npos)
      findings.push_back({"quarantine", Severity::warning, setting,
                          "this rule puts the quarantine inside the quota (" + value + ")",
                          "Take the rule out: the plugin leaves the quarantine out of quota"});
  }
  if (settings.harvest_certificates && !facts.has_home)
    findings.push_back({"certificates", Severity::warning, "smime_harvest_certificates",
                        "the user has no home directory to keep certificates in",
                        "Set mail_home or have the userdb return home"});
  if (worst_of(findings) == Severity::ok)
    findings.insert(findings.begin(),
                    {"quarantine", Severity::ok, "smime_quarantine_mailbox", name, ""});
  // The plugin does here what can be done: nothing to be alarmed by each day.
  if (!facts.can_read_back)
    findings.push_back({"storage", Severity::ok, facts.storage_setting,
                        facts.storage + " does not let a message be read before its commit: what "
                                        "was saved is not read back",
                        "Use maildir or mdbox (or sdbox without mail_attachment_dir), or run "
                        "doveadm smime audit each night"});
  if (facts.fts_autoindex)
    findings.push_back({"quarantine index", Severity::ok, "fts_autoindex",
                        "left out by " + facts.fts_exclusion, ""});
  return findings;
}

} // namespace smime
