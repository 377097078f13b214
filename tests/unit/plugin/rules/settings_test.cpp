#include "plugin/rules/settings.h"

#include <CppUTest/TestHarness.h>
#include <string>

using namespace smime;

TEST_GROUP(Settings){void refused(const char *name, const char *value, const char *word){
    Settings settings = parse_settings({{name, value}});
LONGS_EQUAL(1, settings.errors.size());
STRCMP_CONTAINS(name, settings.errors[0].c_str());
STRCMP_CONTAINS(word, settings.errors[0].c_str());
}
}
;

TEST(Settings, Defaults) {
  Settings settings = parse_settings({});
  CHECK(settings.errors.empty());
  CHECK(settings.stores.matches("Any/Mailbox", '/'));
  CHECK(settings.rules.empty());
  CHECK(settings.preserve == Preserve::content);
  STRCMP_EQUAL("Quarantine", settings.quarantine_mailbox.c_str());
  CHECK(settings.quarantine_access == QuarantineAccess::reviewers);
  STRCMP_EQUAL("smime-scanner", settings.scanner_socket.c_str());
  LONGS_EQUAL(30, settings.scanner_timeout_seconds);
  CHECK(settings.scanner_failure == ScannerFailure::tempfail);
}

TEST(Settings, AllSet) {
  Settings settings = parse_settings({{"smime_stores", "INBOX Legal/*"},
                                      {"smime_preserve", "message"},
                                      {"smime_quarantine_mailbox", "Held/Mail"},
                                      {"smime_quarantine_access", "owner-read"},
                                      {"smime_reviewers", "anna, ben"},
                                      {"smime_reviewers_all_mail", "carla"},
                                      {"smime_scanner_socket", "/run/x"},
                                      {"smime_scanner_timeout", "2 mins"},
                                      {"smime_scanner_failure", "quarantine"},
                                      {"smime_token_key", "/etc/key"},
                                      {"smime_notice_texts", "/etc/texts"},
                                      {"smime_notice_language", "pt-BR"},
                                      {"smime_notice_interval", "daily 07:00"},
                                      {"smime_notice_link", "https://a.example/?t={token}"},
                                      {"quota", "unrelated"}});
  CHECK(settings.errors.empty());
  CHECK_FALSE(settings.stores.matches("Other", '/'));
  LONGS_EQUAL(2, settings.reviewers.size());
  STRCMP_EQUAL("ben", settings.reviewers[1].c_str());
  LONGS_EQUAL(1, settings.reviewers_all_mail.size());
  LONGS_EQUAL(120, settings.scanner_timeout_seconds);
  CHECK(settings.scanner_failure == ScannerFailure::quarantine);
  STRCMP_EQUAL("pt-BR", settings.notice_language.c_str());
  LONGS_EQUAL(7 * 60, settings.notice_interval.minute_of_day);
  STRCMP_EQUAL("https://a.example/?t={token}", settings.notice_link.c_str());
}

TEST(Settings, HowLongTheRegisterKeepsWhatWas) {
  auto history = [](const char *value) {
    Settings settings = parse_settings({{"smime_history", value}});
    CHECK(settings.errors.empty());
    return settings.history;
  };
  constexpr long day = 24L * 3600;
  CHECK_EQUAL(365 * day, parse_settings({}).history);
  CHECK_EQUAL(2 * 365 * day, history("2y"));
  CHECK_EQUAL(90 * day, history("90d"));
  CHECK_EQUAL(0, history("no"));
}

TEST(Settings, TheQuarantineHasTheNameThatDovecotGivesIt) {
  auto name = [](const char *value) {
    return parse_settings({{"smime_quarantine_mailbox", value}}).quarantine_mailbox;
  };
  STRCMP_EQUAL("INBOX/Held", name("inbox/Held").c_str());
  STRCMP_EQUAL("INBOX.held", name("Inbox.held").c_str());
  STRCMP_EQUAL("inboxes/Held", name("inboxes/Held").c_str());
}

TEST(Settings, RulesAreOrderedByNumberWhateverTheGaps) {
  Settings settings = parse_settings({{"smime_rule10", "class=signed action=reject"},
                                      {"smime_rule", "class=plain action=deliver"},
                                      {"smime_rule3", "class=encrypted action=quarantine"}});
  CHECK(settings.errors.empty());
  LONGS_EQUAL(3, settings.rules.size());
  STRCMP_EQUAL("smime_rule", settings.rules[0].setting.c_str());
  STRCMP_EQUAL("smime_rule3", settings.rules[1].setting.c_str());
  STRCMP_EQUAL("smime_rule10", settings.rules[2].setting.c_str());
}

TEST(Settings, BadValuesAreRefusedByNameAndWord) {
  refused("smime_preserve", "yes", "yes");
  refused("smime_quarantine_access", "everybody", "everybody");
  refused("smime_quarantine_mailbox", "", "mailbox");
  refused("smime_quarantine_mailbox", "Q*", "Q*");
  refused("smime_quarantine_mailbox", "inbox", "INBOX");
  refused("smime_scanner_timeout", "soon", "soon");
  refused("smime_scanner_timeout", "0s", "0s");
  refused("smime_scanner_failure", "ignore", "ignore");
  refused("smime_token_key", "key", "key");
  refused("smime_notice_texts", "texts", "texts");
  refused("smime_notice_language", "../etc", "../etc");
  refused("smime_notice_interval", "25h", "25h");
  refused("smime_notice_link", "javascript:a", "javascript:a");
  refused("smime_notice_link", "https://a/\"b", "no URL");
  refused("smime_notice_link", "https://a/ b", "no URL");
  refused("smime_history", "soon", "soon");
  refused("smime_history", "0d", "0d");
  refused("smime_history", "", "no time");
  refused("smime_stores", "INBOX \"Legal", "Legal");
  refused("smime_rule", "class=x action=deliver", "x");
  refused("smime_rule1", "action=deliver", "smime_rule1");
  refused("smime_ruel", "action=deliver", "unknown setting");
}

TEST(Settings, RulesWithANameKeepTheOrderThatTheyHave) {
  Settings settings = parse_settings({{"smime_rule z", "class=plain action=reject"},
                                      {"smime_rule2", "action=tempfail"},
                                      {"smime_rule a", "action=deliver"}});
  LONGS_EQUAL(0, settings.errors.size());
  LONGS_EQUAL(3, settings.rules.size());
  STRCMP_EQUAL("smime_rule z", settings.rules[0].setting.c_str());
  STRCMP_EQUAL("smime_rule a", settings.rules[1].setting.c_str());
  STRCMP_EQUAL("smime_rule2", settings.rules[2].setting.c_str());
}
