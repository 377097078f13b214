#include "plugin/operator/health-check.h"

#include <CppUTest/TestHarness.h>

using namespace smime;

namespace {
constexpr std::int64_t now = 1795000000;
constexpr std::int64_t day = 86400;
} // namespace

TEST_GROUP(HealthCheck) {
  Settings settings = parse_settings({});
  HealthFacts facts;

  void setup() override {
    facts.config = "/etc/dovecot/smime-scanner.conf";
    facts.timeout = 25;
    facts.max_document_size = 5 << 20U;
    facts.trust.crl_policy = "soft";
  }
  // "ok" or the settings of what is not, each with its severity.
  static std::string found(const Findings &findings) {
    std::string text;
    for (const Finding &finding : findings) {
      if (finding.severity == Severity::ok)
        continue;
      CHECK_TEXT(!finding.remedy.empty() && !finding.detail.empty(), finding.check.c_str());
      text += std::string(name_of(finding.severity)) + ":" + finding.setting + " ";
    }
    return text.empty() ? "ok" : text;
  }
  static ObjectFacts object(const char *kind, std::int64_t not_after) {
    ObjectFacts result;
    result.kind = kind;
    result.not_after = not_after;
    return result;
  }
};

TEST(HealthCheck, ExitStatus) {
  LONGS_EQUAL(0, exit_code_of(worst_of({})));
  LONGS_EQUAL(1, exit_code_of(Severity::warning));
  LONGS_EQUAL(78, exit_code_of(worst_of({{"", Severity::warning, "", "", ""},
                                         {"", Severity::error, "", "", ""},
                                         {"", Severity::ok, "", "", ""}})));
}

TEST(HealthCheck, ScannerSettings) {
  STRCMP_EQUAL("ok", found(check_scanner_settings(facts, settings, 256 << 20U)).c_str());
  STRCMP_EQUAL("ok", found(check_scanner_settings(facts, settings, 0)).c_str());
  STRCMP_EQUAL("warning:max_document_size ",
               found(check_scanner_settings(facts, settings, 65 << 20U)).c_str());
  facts.max_opened_size = 200 << 20U;
  STRCMP_EQUAL("warning:max_opened_size ",
               found(check_scanner_settings(facts, settings, 256 << 20U)).c_str());
  facts.max_opened_size = 0;
  facts.timeout = 28;
  STRCMP_EQUAL("warning:timeout ", found(check_scanner_settings(facts, settings, 0)).c_str());
  facts.escrow_error = "escrow_key: /x: No such file";
  settings.harvest_certificates = true;
  STRCMP_EQUAL("error:escrow_key warning:timeout warning:report_certificates ",
               found(check_scanner_settings(facts, settings, 0)).c_str());
  facts.config_error = "x.conf:2: unknown setting \"max_dept\"";
  STRCMP_EQUAL("error:smime-scanner.conf ",
               found(check_scanner_settings(facts, settings, 0)).c_str());
}

TEST(HealthCheck, TrustStore) {
  STRCMP_EQUAL("ok", found(check_trust_store(facts, now)).c_str());
  facts.trust.directory = "/trust";
  STRCMP_EQUAL("error:trust_dir ", found(check_trust_store(facts, now)).c_str());
  facts.trust.objects = {object("anchor", now + 100 * day), object("intermediate", now + 100 * day),
                         object("crl", 0), object("crl", now + day)};
  auto findings = check_trust_store(facts, now);
  STRCMP_EQUAL("ok", found(findings).c_str());
  STRCMP_EQUAL("1 anchor, 1 intermediate, 2 CRLs in /trust", findings.at(0).detail.c_str());
  facts.trust.objects.push_back(object("intermediate", now - day));
  facts.trust.objects.push_back(object("intermediate", now + day));
  facts.trust.objects.push_back(object("other", now + 100 * day));
  facts.trust.objects.push_back(object("crl", now - day));
  facts.trust.problems.push_back({"trust-file-invalid", "x", "", ""});
  findings = check_trust_store(facts, now);
  LONGS_EQUAL(6, findings.size());
  STRCMP_CONTAINS("1 CA certificate expired", findings.at(1).detail.c_str());
  STRCMP_CONTAINS("1 CA certificate will expire", findings.at(2).detail.c_str());
  STRCMP_CONTAINS("1 CRL stale", findings.at(3).detail.c_str());
  CHECK(worst_of(findings) == Severity::warning);
  facts.trust.crl_policy = "require";
  CHECK(worst_of(check_trust_store(facts, now)) == Severity::error);
  facts.trust.error = "trust_dir: gone";
  STRCMP_EQUAL("error:trust_dir ", found(check_trust_store(facts, now)).c_str());
}

TEST(HealthCheck, Sockets) {
  SocketFacts sockets{{"/run/s", true, 0600}, {"/run/s-user", true, 0666}, ""};
  STRCMP_EQUAL("ok", found(check_sockets(sockets, &facts)).c_str());
  STRCMP_EQUAL("ok", found(check_sockets(sockets, nullptr)).c_str());
  sockets.lmtp_user = "vmail";
  STRCMP_EQUAL("ok", found(check_sockets(sockets, &facts)).c_str());
  facts.paths.push_back({"escrow_key", "/k", 0600, 0, ""});
  STRCMP_EQUAL("warning:trusted_users ", found(check_sockets(sockets, &facts)).c_str());
  facts.trusted_users = {"vmail"};
  STRCMP_EQUAL("ok", found(check_sockets(sockets, &facts)).c_str());
  sockets.users.exists = false;
  STRCMP_EQUAL("error:service smime-scanner-user ", found(check_sockets(sockets, &facts)).c_str());
  sockets.own.mode = 0666;
  auto findings = check_sockets(sockets, &facts);
  STRCMP_EQUAL("warning:service smime-scanner ", found(findings).c_str());
  STRCMP_CONTAINS("escrow key", findings.at(0).detail.c_str());
  // Nothing answers there, which check_probe() tells.
  sockets.own.exists = false;
  STRCMP_EQUAL("ok", found(check_sockets(sockets, &facts)).c_str());
}

TEST(HealthCheck, Paths) {
  STRCMP_EQUAL("ok", found(check_paths({{"escrow_key", "/k", 0640, 0, ""},
                                        {"escrow_certificate", "/c", 0644, 0, ""},
                                        {"trust_dir", "/t", 0755, 0, ""}}))
                         .c_str());
  STRCMP_EQUAL("error:escrow_key error:trust_dir error:escrow_certificate "
               "error:smime_directory_bind_password_file ",
               found(check_paths({{"escrow_key", "/k", 0644, 0, ""},
                                  {"trust_dir", "/t", 0777, 0, ""},
                                  {"escrow_certificate", "/c", 0, 0, "No such file"},
                                  {"smime_directory_bind_password_file", "/p", 0604, 0, ""}}))
                   .c_str());
}

TEST(HealthCheck, TheScannerIsAsked) {
  Probe probe{"/run/s", Report(), "", 3456};
  auto findings = check_probe(probe, &facts);
  STRCMP_EQUAL("/run/s answers in 3.4 ms", findings.at(0).detail.c_str());
  STRCMP_EQUAL("ok", found(findings).c_str());
  probe.microseconds = 900000;
  STRCMP_EQUAL("warning:process_limit ", found(check_probe(probe, &facts)).c_str());
  probe.microseconds = 1;
  facts.clamd = {"/run/clamd"};
  STRCMP_EQUAL("warning:clamd ", found(check_probe(probe, &facts)).c_str());
  STRCMP_EQUAL("ok", found(check_probe(probe, nullptr)).c_str());
  probe.report->scan = ScanVerdict::error;
  probe.report->scan_engine = "clamd";
  probe.report->scan_name = "/run/clamd: No such file";
  findings = check_probe(probe, &facts);
  STRCMP_EQUAL("error:clamd ", found(findings).c_str());
  STRCMP_CONTAINS("/run/clamd", findings.at(1).detail.c_str());
  probe.report->scan = ScanVerdict::clean;
  STRCMP_EQUAL("ok", found(check_probe(probe, &facts)).c_str());
  probe.report.reset();
  probe.error = "connect(/run/s) failed";
  STRCMP_EQUAL("error:smime_scanner_socket ", found(check_probe(probe, &facts)).c_str());
}

TEST(HealthCheck, ThePluginIsLoadedEverywhere) {
  STRCMP_EQUAL("ok",
               found(check_plugins({{"imap", " quota smime"}, {"lmtp", "smime sieve"}})).c_str());
  STRCMP_EQUAL("error:protocol lmtp { mail_plugins } ",
               found(check_plugins({{"imap", "smime"}, {"lmtp", "sieve smimes"}})).c_str());
}

TEST(HealthCheck, WordsOfAList) {
  struct {
    const char *printed;
    const char *words;
  } table[] = {{"mail_plugins = quota acl\n", " quota acl"},
               {"mail_plugins =\n", ""},
               {"mail_plugins {\n  quota = yes\n}\n", "smime fts quota"},
               {"mail_plugins {\n  quota = yes\n  fts = yes\n  smime = no\n}\n", " fts quota"},
               {"", "smime fts"}};
  for (const auto &row : table)
    STRCMP_EQUAL(row.words, words_of_list(row.printed, "smime fts").c_str());
}

TEST(HealthCheck, SettingsAreNamed) {
  settings = parse_settings({{"smime_stroes", "x"}});
  STRCMP_EQUAL("error:smime_stroes ", found(check_settings(settings)).c_str());
}

TEST(HealthCheck, MailboxesAndTheirRules) {
  settings = parse_settings({{"smime_stores", "* !Spam"},
                             {"smime_rule", "mailbox=Legal/* action=deliver"},
                             {"smime_rule2", "mailbox=!Legal/* action=quarantine"}});
  std::string error;
  MailboxFacts own{"Own", '/', "inbox", *parse_rules("x", "action=reject", error), ""};
  auto findings = check_mailboxes({{"INBOX", '/', "inbox", {}, ""},
                                   {"Sent", '/', "inbox", {}, ""},
                                   {"Spam", '/', "inbox", {}, "", false},
                                   {"Quarantine", '/', "inbox", {}, ""},
                                   {"Legal/A", '/', "public", {}, ""},
                                   own},
                                  settings);
  STRCMP_EQUAL("ok", found(findings).c_str());
  LONGS_EQUAL(5, findings.size());
  STRCMP_EQUAL("4 of 5 mailboxes are S/MIME-aware (smime_stores=* !Spam); not aware: Spam",
               findings[0].detail.c_str());
  STRCMP_EQUAL("namespace public", findings[1].check.c_str());
  STRCMP_EQUAL("its own \"action=reject\", smime_rule2", findings[2].setting.c_str());
  STRCMP_EQUAL("smime_rule", findings[3].setting.c_str());
  STRCMP_EQUAL("Legal/A", findings[3].detail.c_str());
  STRCMP_EQUAL("INBOX, Sent", findings[4].detail.c_str());
  own.policy_error = "unknown key";
  STRCMP_EQUAL("error:METADATA ", found(check_mailboxes({own}, settings)).c_str());
}

TEST(HealthCheck, SieveFilesWhereThePluginLooks) {
  settings = parse_settings({{"smime_stores", "INBOX Work"}});
  SieveFacts script{"sieve", "/home/a/.dovecot.sieve", {{"Work"}}};
  STRCMP_EQUAL("ok", found(check_sieve({}, settings)).c_str());
  STRCMP_EQUAL("ok", found(check_sieve({script}, settings)).c_str());
  script.targets = {{"Lists", false}, {"Lists", false}, {"Work"}};
  auto findings = check_sieve({script}, settings);
  STRCMP_EQUAL("warning:smime_stores ", found(findings).c_str());
  STRCMP_CONTAINS("/home/a/.dovecot.sieve files into Lists, outside", findings[0].detail.c_str());
  settings = parse_settings({});
  script.targets = {{"Quarantine"}};
  STRCMP_EQUAL("warning:sieve ", found(check_sieve({script}, settings)).c_str());
}

TEST(HealthCheck, ScriptsThatSendMailBeforeItIsHeld) {
  const char *held = "class=any-encrypted origin=delivery action=quarantine";
  const char *at_arrival = "class=any-encrypted when=arrival action=quarantine";
  SieveFacts script{"sieve_before", "/etc/all.sieve", {}, {"redirect", "vacation"}};
  settings = parse_settings({});
  STRCMP_EQUAL("ok", found(check_sieve({script}, settings)).c_str());
  settings = parse_settings({{"smime_rule", held}, {"smime_rule2", "scan=infected action=reject"}});
  auto findings = check_sieve({script}, settings);
  STRCMP_EQUAL("warning:when=save ", found(findings).c_str());
  STRCMP_EQUAL("/etc/all.sieve (sieve_before) runs before smime_rule, smime_rule2 are asked: with "
               "redirect mail leaves that they would hold, and with vacation others are told of "
               "mail that is held then",
               findings[0].detail.c_str());
  STRCMP_CONTAINS("when=arrival", findings[0].remedy.c_str());
  script.sending = {"notify"};
  STRCMP_CONTAINS("asked: with notify others are told",
                  check_sieve({script}, settings)[0].detail.c_str());
  script.sending.clear();
  STRCMP_EQUAL("ok", found(check_sieve({script}, settings)).c_str());
  script.sending = {"pipe"};
  settings = parse_settings({{"smime_rule", "origin=append action=reject"}});
  STRCMP_EQUAL("ok", found(check_sieve({script}, settings)).c_str());
  settings = parse_settings({{"smime_rule", at_arrival}, {"smime_rule2", held}});
  UNSIGNED_LONGS_EQUAL(1, check_sieve({script}, settings).size());
  // Some of it leaves, as it seems to be wanted: said, and no alarm.
  settings =
      parse_settings({{"smime_rule", at_arrival}, {"smime_rule2", "scan=infected action=reject"}});
  findings = check_sieve({script}, settings);
  STRCMP_EQUAL("ok", found(findings).c_str());
  STRCMP_CONTAINS("runs before smime_rule2 is asked: with pipe mail leaves",
                  findings[1].detail.c_str());
}

TEST(HealthCheck, OtherMailUnderTheQuarantinesName) {
  QuarantineFacts quarantine;
  quarantine.users_own = {"Quarantine"};
  auto findings = check_quarantine(quarantine, settings);
  STRCMP_EQUAL("error:smime_quarantine_mailbox ", found(findings).c_str());
  CHECK(findings[0].detail.find("beside it") != std::string::npos);
  CHECK(findings[0].remedy.starts_with("doveadm mailbox rename -u USER Quarantine "));
  quarantine.users_own.push_back("Quarantine-held");
  findings = check_quarantine(quarantine, settings);
  CHECK(findings[0].detail.find("deferred") != std::string::npos);
  quarantine.users_own.clear();
  quarantine.foreign = {{"Quarantine", 1}, {"Quarantine-held", 12}};
  findings = check_quarantine(quarantine, settings);
  LONGS_EQUAL(2, findings.size());
  CHECK(worst_of(findings) == Severity::error);
  CHECK(findings[0].detail.starts_with("1 message in Quarantine that is not held"));
  CHECK(findings[1].detail.starts_with("12 messages in Quarantine-held that are not held"));
}

TEST(HealthCheck, WhatWasTheQuarantineBefore) {
  QuarantineFacts quarantine;
  quarantine.former = {{"Quarantine", 3}};
  auto findings = check_quarantine(quarantine, settings);
  STRCMP_EQUAL("warning:smime_quarantine_mailbox ", found(findings).c_str());
  CHECK(findings[0].detail.starts_with("Quarantine was the quarantine before and has 3 messages"));
  CHECK(!findings[0].remedy.empty());
}

TEST(HealthCheck, NobodyRunsExpire) {
  QuarantineFacts quarantine;
  quarantine.overdue = 2;
  auto findings = check_quarantine(quarantine, settings);
  STRCMP_EQUAL("warning:hold ", found(findings).c_str());
  CHECK(findings[0].detail.starts_with("2 messages in Quarantine whose time was over"));
}

TEST(HealthCheck, TheQuarantineLasts) {
  QuarantineFacts quarantine;
  quarantine.storage = "maildir";
  STRCMP_EQUAL("ok", found(check_quarantine(quarantine, settings)).c_str());
  quarantine.quota_roots = {{"quota", "count:User quota"}, {"quota_rule", "Quarantine:ignore"}};
  STRCMP_EQUAL("ok", found(check_quarantine(quarantine, settings)).c_str());
  quarantine.quota_roots = {{"quota", "fs:User quota"}, {"quota_rule2", "Quarantine:storage=1G"}};
  quarantine.autoexpunge = 60;
  quarantine.can_read_back = false;
  quarantine.has_home = false;
  STRCMP_EQUAL("warning:autoexpunge warning:quota warning:quota_rule2 ",
               found(check_quarantine(quarantine, settings)).c_str());
  quarantine = {};
  quarantine.has_home = true;
  quarantine.index_in_memory = true;
  STRCMP_EQUAL("warning:mail_location ", found(check_quarantine(quarantine, settings)).c_str());
  quarantine = {};
  quarantine.central = true;
  STRCMP_EQUAL("ok", found(check_quarantine(quarantine, settings)).c_str());
  settings.quarantine_access = QuarantineAccess::owner;
  STRCMP_EQUAL("warning:smime_quarantine_access ",
               found(check_quarantine(quarantine, settings)).c_str());
  settings.quarantine_access = QuarantineAccess::reviewers;
  settings.harvest_certificates = true;
  quarantine = {};
  quarantine.has_home = false;
  STRCMP_EQUAL("warning:smime_harvest_certificates ",
               found(check_quarantine(quarantine, settings)).c_str());
}
