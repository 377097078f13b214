#include "plugin/rules/arrival.h"

#include <CppUTest/TestHarness.h>
#include <initializer_list>
#include <string>
#include <vector>

using namespace smime;

namespace {

constexpr const char *sender = "sender@example.org";
constexpr const char *owner = "alice@example.org";

} // namespace

TEST_GROUP(Arrival) {
  Report report;

  std::vector<Rule> rules(std::initializer_list<const char *> texts) {
    std::vector<Rule> parsed;
    for (const char *text : texts) {
      std::string error;
      std::string setting = "smime_rule" + std::to_string(parsed.size() + 1);
      auto rule = parse_rule(setting, text, error);
      CHECK_TEXT(rule.has_value(), error.c_str());
      parsed.push_back(*rule);
    }
    return parsed;
  }
  bool may_hold(std::initializer_list<const char *> texts) {
    return may_hold_at_arrival(rules(texts), sender, owner);
  }
  bool lacks(std::initializer_list<const char *> texts) {
    return lacks_verdict_at_arrival(rules(texts), sender, owner, report);
  }
  std::string alone(std::initializer_list<const char *> texts) {
    std::string joined;
    for (const std::string &setting : settings_held_at_save_alone(rules(texts)))
      joined += (joined.empty() ? "" : " ") + setting;
    return joined;
  }
};

// Where it is false, Sieve gets the message without waiting for the report.
TEST(Arrival, WhatNoRuleCanHoldIsNotWaitedFor) {
  CHECK_FALSE(may_hold({}));
  CHECK_FALSE(may_hold({"class=any-encrypted action=quarantine", "action=reject"}));
  CHECK_FALSE(may_hold({"class=any-encrypted when=arrival action=deliver"}));
  CHECK_FALSE(may_hold({"from=*@example.com when=arrival action=reject",
                        "to=bob@* class=encrypted when=arrival action=quarantine"}));
  CHECK_FALSE(may_hold({"from=*@example.org when=arrival action=deliver",
                        "class=encrypted when=arrival action=quarantine"}));
}

TEST(Arrival, NegatedConditionsOfTheEnvelope) {
  constexpr const char *held = "class=!plain when=arrival action=quarantine";
  CHECK_TRUE(may_hold({held}));
  CHECK_FALSE(may_hold({"from=!*@example.org when=arrival action=reject"}));
  CHECK_TRUE(may_hold({"from=!*@example.com when=arrival action=reject"}));
  CHECK_TRUE(may_hold({"from=!*@example.org when=arrival action=deliver", held}));
  CHECK_FALSE(may_hold({"from=!*@example.com when=arrival action=deliver", held}));
  CHECK_TRUE(may_hold({"from=!*@example.com class=!encrypted when=arrival action=deliver", held}));
  CHECK_FALSE(may_hold({"origin=!copy when=arrival action=deliver", held}));
  // A sender that is not known is no reason to deliver.
  CHECK_TRUE(
      may_hold_at_arrival(rules({"from=!*@x when=arrival action=deliver", held}), "", owner));
  report.scan = ScanVerdict::error;
  CHECK_TRUE(lacks(
      {"scan=!infected when=arrival action=deliver", "scan=infected when=arrival action=reject"}));
}

TEST(Arrival, WhatARuleMayHoldIsWaitedFor) {
  for (const char *action : {"quarantine", "reject", "tempfail"})
    CHECK_TRUE(may_hold({("class=encrypted when=arrival action=" + std::string(action)).c_str()}));
  CHECK_TRUE(may_hold({"action=deliver", "when=arrival action=reject"}));
  CHECK_TRUE(may_hold({"from=*@example.com when=arrival action=deliver",
                       "class=encrypted when=arrival action=quarantine"}));
  for (const char *condition : {"class=plain", "signature=signed", "scan=clean", "strength=weak"})
    CHECK_TRUE(may_hold({(std::string(condition) + " when=arrival action=deliver").c_str(),
                         "scan=infected origin=delivery when=arrival action=reject"}));
}

TEST(Arrival, TheFirstOfItsRulesWins) {
  auto all =
      rules({"action=reject", "from=*@example.org class=encrypted when=arrival action=deliver",
             "class=any-encrypted when=arrival action=quarantine"});
  report.classes = MessageClass::encrypted;
  POINTERS_EQUAL(&all[1], decide_at_arrival(all, sender, owner, report).rule);
  POINTERS_EQUAL(&all[2], decide_at_arrival(all, "a@example.com", owner, report).rule);
  report.classes = MessageClass::plain;
  Decision none = decide_at_arrival(all, sender, owner, report);
  POINTERS_EQUAL(nullptr, none.rule);
  CHECK(none.action == Action::deliver);
}

TEST(Arrival, AVerdictIsMissedWhereItWouldDecide) {
  report.classes = MessageClass::plain;
  report.scan = ScanVerdict::error;
  CHECK_TRUE(lacks({"scan=infected when=arrival action=reject"}));
  CHECK_TRUE(lacks({"class=plain scan=uninspectable when=arrival action=quarantine"}));
  CHECK_FALSE(lacks({"scan=infected action=reject"}));
  CHECK_FALSE(lacks({"class=any-encrypted when=arrival action=quarantine"}));
  CHECK_FALSE(lacks({"class=encrypted scan=infected when=arrival action=reject"}));
  CHECK_FALSE(lacks(
      {"scan=error when=arrival action=deliver", "scan=infected when=arrival action=reject"}));
  CHECK_FALSE(lacks({"scan=infected when=arrival action=deliver"}));
  report.scan = ScanVerdict::clean;
  CHECK_FALSE(lacks({"scan=infected when=arrival action=reject"}));
}

TEST(Arrival, AMailboxHasNoArrivalRules) {
  auto users = rules({"class=encrypted when=arrival action=reject", "action=deliver"});
  STRCMP_EQUAL("", wrong_rules_of_mailbox(users, users).c_str());
  STRCMP_EQUAL("", wrong_rules_of_mailbox(rules({"action=reject"}), users).c_str());
  auto own = rules({"class=encrypted when=arrival action=deliver"});
  STRCMP_CONTAINS("smime_rule1: when=arrival", wrong_rules_of_mailbox(own, users).c_str());
  own = users;
  own[0].setting = "smime_rule other";
  STRCMP_CONTAINS("smime_rule other: when=arrival", wrong_rules_of_mailbox(own, users).c_str());
}

TEST(Arrival, WhatIsHeldAtSaveAlone) {
  STRCMP_EQUAL("", alone({}).c_str());
  STRCMP_EQUAL("",
               alone({"class=encrypted action=deliver", "origin=append action=reject"}).c_str());
  STRCMP_EQUAL("smime_rule1 smime_rule2",
               alone({"class=any-encrypted origin=delivery action=quarantine",
                      "scan=uninspectable origin=delivery action=quarantine"})
                   .c_str());
  STRCMP_EQUAL("smime_rule2", alone({"class=any-encrypted when=arrival action=quarantine",
                                     "mailbox=Legal/* class=signed action=reject",
                                     "class=encrypted origin=delivery action=quarantine"})
                                  .c_str());
  const std::pair<const char *, const char *> wider[] = {
      {"when=arrival action=reject", ""},
      {"class=any-encrypted when=arrival action=quarantine", ""},
      {"class=encrypted from=*@x when=arrival action=quarantine", ""},
      {"class=encrypted from=*@y when=arrival action=quarantine", "smime_rule2"},
      {"class=encrypted to=a when=arrival action=quarantine", "smime_rule2"},
      {"scan=infected when=arrival action=quarantine", "smime_rule2"},
      {"strength=weak when=arrival action=quarantine", "smime_rule2"},
      {"signature=signed when=arrival action=quarantine", "smime_rule2"},
      {"class=signed when=arrival action=quarantine", "smime_rule2"},
      {"when=arrival action=deliver", "smime_rule2"},
      {"class=!plain when=arrival action=quarantine", "smime_rule2"},
      {"class=!encrypted when=arrival action=quarantine", "smime_rule2"},
      {"class=encrypted from=!*@x when=arrival action=quarantine", "smime_rule2"},
      {"class=encrypted origin=!copy when=arrival action=quarantine", ""},
  };
  for (const auto &[text, expected] : wider)
    STRCMP_EQUAL_TEXT(expected, alone({text, "class=encrypted from=*@x action=reject"}).c_str(),
                      text);
}

TEST(Arrival, ANegatedRuleIsCoveredByAWiderNegation) {
  CHECK(alone({"class=!encrypted when=arrival action=reject",
               "class=!any-encrypted from=!*@x action=reject"})
            .empty());
  CHECK_FALSE(
      alone({"class=!any-encrypted when=arrival action=reject", "class=!encrypted action=reject"})
          .empty());
  CHECK(alone({"class=!signed origin=!delivery action=reject"}).empty());
  CHECK_FALSE(alone({"class=!signed origin=!append action=reject"}).empty());
}

TEST(Arrival, WhetherAnythingIsHeld) {
  CHECK_FALSE(holds_at_arrival(rules({"action=reject", "when=arrival action=deliver"})));
  CHECK_TRUE(holds_at_arrival(rules({"class=signed when=arrival action=tempfail"})));
}
