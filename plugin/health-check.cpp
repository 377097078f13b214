#include "health-check.h"

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

std::string_view name_of(Severity severity) {
  switch (severity) {
  case Severity::ok: return "ok";
  case Severity::warning: return "warning";
  case Severity::error: break;
  }
  return "error";
}

int exit_code_of(Severity worst) {
  switch (worst) {
  case Severity::ok: return 0;
  case Severity::warning: return 1;
  case Severity::error: break;
  }
  return 78;
}

Severity worst_of(const Findings &findings) {
  Severity worst = Severity::ok;
  for (const Finding &finding : findings)
    worst = std::max(worst, finding.severity);
  return worst;
}

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
  if (vsz_limit != 0 && facts.max_document_size + scanner_base_memory > vsz_limit)
    findings.push_back({"scanner settings", Severity::warning, "max_document_size",
                        "a document of max_document_size = " +
                            std::to_string(facts.max_document_size) +
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

Findings check_trust_store(const HealthFacts &facts, std::int64_t now) {
  const StoreFacts &store = facts.trust;
  if (!facts.config_error.empty())
    return {};
  if (store.directory.empty())
    return {{"trust store", Severity::ok, "trust_dir",
             "trust_dir is not set: no signature is ever verified", ""}};
  if (!store.error.empty())
    return {{"trust store", Severity::error, "trust_dir", store.error,
             "Make the directory readable for root, or mend trust_dir in " + facts.config}};
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
    bool secret = path.setting == "escrow_key" ||
                  path.setting == "smime_directory_bind_password_file";
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

Findings check_probe(const Probe &probe) {
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

Findings check_plugins(const std::vector<ProtocolPlugins> &protocols) {
  Findings findings;
  for (const ProtocolPlugins &entry : protocols) {
    if (has_word(entry.mail_plugins, "smime"))
      continue;
    bool delivers = entry.protocol == "lmtp" || entry.protocol == "lda";
    findings.push_back(
        {"mail_plugins", Severity::error, "protocol " + entry.protocol + " { mail_plugins }",
         std::string("smime is not in it: ") +
             (delivers ? "mail that is delivered is neither inspected nor protected"
                       : "the quarantine is open, and what is saved is not protected"),
         "Begin it with $mail_plugins; in Dovecot 2.4 write it as a block, mail_plugins { NAME = yes "
         "}, without smime = no"});
  }
  if (findings.empty())
    findings.push_back({"mail_plugins", Severity::ok, "mail_plugins",
                        "smime is loaded in every protocol", ""});
  return findings;
}

NamedValues smime_values_of(std::string_view doveconf_output) {
  NamedValues values;
  std::istringstream lines{std::string(doveconf_output)};
  for (std::string line; std::getline(lines, line);) {
    auto first = line.find_first_not_of(" \t");
    auto equals = line.find('=');
    if (first == std::string::npos || equals == std::string::npos ||
        line.compare(first, 6, "smime_") != 0)
      continue;
    std::string name = line.substr(first, line.find_first_of(" =", first) - first);
    auto value = line.find_first_not_of(' ', equals + 1);
    values.emplace_back(name, value == std::string::npos ? "" : line.substr(value));
  }
  return values;
}

Findings check_settings(const Settings &settings) {
  if (settings.errors.empty())
    return {{"settings", Severity::ok, "", "", ""}};
  Findings findings;
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
    if (!settings.stores.matches(mailbox.name, mailbox.separator)) {
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

Findings check_sieve(const std::vector<SieveFacts> &scripts, const Settings &settings) {
  Findings findings;
  for (const SieveFacts &script : scripts) {
    std::vector<std::string> outside;
    for (const SieveFacts::Target &target : script.targets) {
      if (!settings.stores.matches(target.mailbox, target.separator) &&
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
  }
  if (findings.empty())
    findings.push_back({"sieve", Severity::ok, "sieve",
                        scripts.empty() ? "no script"
                                        : count_of(scripts.size(), "script") +
                                              ", filing into S/MIME-aware mailboxes",
                        ""});
  return findings;
}

Findings check_quarantine(const QuarantineFacts &facts, const Settings &settings) {
  Findings findings;
  const std::string &name = settings.quarantine_mailbox;
  if (facts.autoexpunge != 0 || facts.autoexpunge_max_mails != 0)
    findings.push_back(
        {"quarantine", Severity::error, "autoexpunge",
         "autoexpunge removes what is in " + name + " before it is reviewed" +
             (facts.autoexpunge == 0 ? ""
                                     : ", after " + std::to_string(facts.autoexpunge) + " seconds"),
         "Take autoexpunge and autoexpunge_max_mails from that mailbox; doveadm smime quarantine "
         "expire removes what is old"});
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
