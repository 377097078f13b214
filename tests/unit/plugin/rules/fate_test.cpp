#include "plugin/rules/fate.h"

#include <CppUTest/TestHarness.h>
#include <initializer_list>

using namespace smime;

namespace {

constexpr const char *no_verdict = "The virus scanner gave no verdict on the message";

} // namespace

TEST_GROUP(Fate) {
  Report report;
  std::vector<Rule> rules;
  When when = When::save;
  bool released = false;

  void set_rules(std::initializer_list<const char *> texts) {
    rules.clear();
    for (const char *text : texts) {
      std::string error;
      auto rule = parse_rule("smime_rule" + std::to_string(rules.size() + 1), text, error);
      CHECK_TEXT(rule.has_value(), error.c_str());
      rules.push_back(*rule);
    }
  }
  Fate fate(ScannerFailure failure = ScannerFailure::tempfail) {
    return fate_of(
        rules,
        {"INBOX", '/', "a@example.org", "b@example.org", Origin::delivery, report, released, when},
        failure);
  }
  void check(const Fate &found, Action action, FateCause cause, const char *decided_by,
             const char *reason) {
    CHECK(action == found.action);
    CHECK(cause == found.cause);
    STRCMP_EQUAL(decided_by, found.decided_by.c_str());
    STRCMP_EQUAL(reason, found.reason.c_str());
  }
};

TEST(Fate, ARuleDecides) {
  set_rules({"class=signed action=reject", "class=plain flag=$Plain action=deliver",
             "reason=\"Not here\" action=quarantine"});
  report.classes.add(MessageClass::plain);
  Fate found = fate();
  POINTERS_EQUAL(&rules[1], found.rule);
  STRCMP_EQUAL("smime_rule2", found.setting.c_str());
  STRCMP_EQUAL("$Plain", found.flag.c_str());
  CHECK(Action::deliver == found.action);
  report.classes = {};
  report.classes.add(MessageClass::encrypted);
  check(fate(), Action::quarantine, FateCause::rules,
        "smime_rule3: reason=\"Not here\" action=quarantine", "Not here");
}

TEST(Fate, NoRuleMatches) {
  set_rules({"class=signed action=reject"});
  check(fate(), Action::deliver, FateCause::rules, "", "no rule matched");
}

// No rule spoke for the message, so that nobody did.
TEST(Fate, WithoutAVerdictTheSettingDecides) {
  report.scan = ScanVerdict::error;
  check(fate(ScannerFailure::tempfail), Action::tempfail, FateCause::no_verdict,
        "smime_scanner_failure=tempfail", no_verdict);
  check(fate(ScannerFailure::quarantine), Action::quarantine, FateCause::no_verdict,
        "smime_scanner_failure=quarantine", no_verdict);
  check(fate(ScannerFailure::deliver), Action::deliver, FateCause::no_verdict,
        "smime_scanner_failure=deliver", no_verdict);
  set_rules({"scan=error action=deliver"});
  CHECK(FateCause::rules == fate().cause);
  CHECK(Action::deliver == fate().action);
}

TEST(Fate, AReviewerNeedsNoVerdict) {
  report.scan = ScanVerdict::error;
  released = true;
  CHECK(Action::deliver == fate().action);
}

// Sieve must not have what a verdict might hold; what none would hold it gets.
TEST(Fate, AtArrivalWithoutAVerdict) {
  report.scan = ScanVerdict::error;
  when = When::arrival;
  set_rules({"scan=infected when=arrival action=quarantine"});
  check(fate(), Action::tempfail, FateCause::no_verdict, "smime_scanner_failure=tempfail",
        no_verdict);
  CHECK(Action::deliver == fate(ScannerFailure::deliver).action);
  set_rules({"scan=infected action=quarantine", "class=signed when=arrival action=quarantine"});
  CHECK(Action::deliver == fate().action);
  CHECK(FateCause::rules == fate().cause);
}

TEST(Fate, WithoutAReport) {
  check(fate_without_report(ScannerFailure::tempfail, false), Action::tempfail,
        FateCause::no_report, "smime_scanner_failure=tempfail",
        "The scanner gave no report on the message");
  CHECK(Action::quarantine == fate_without_report(ScannerFailure::quarantine, false).action);
  CHECK(Action::deliver == fate_without_report(ScannerFailure::deliver, false).action);
}

// To defer what fails every time would be for ever.
TEST(Fate, WhatTheScannerFailsOnIsHeld) {
  for (auto failure : {ScannerFailure::tempfail, ScannerFailure::quarantine})
    check(fate_without_report(failure, true), Action::quarantine, FateCause::scanner_fails,
          "scanner", "The scanner fails on this message every time, and works for others");
  CHECK(Action::deliver == fate_without_report(ScannerFailure::deliver, true).action);
}
