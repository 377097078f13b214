#include "policy.h"

#include <CppUTest/TestHarness.h>
#include <string>
#include <vector>

using namespace smime;

namespace {

struct BadRule {
  const char *text;
  const char *word;
};

// Each error names the setting and the word.
const BadRule bad_rules[] = {
    {"", "action="},
    {"class=encrypted", "action="},
    {"clas=encrypted action=deliver", "clas"},
    {"class=encrypt action=deliver", "encrypt"},
    {"class=encrypted action=quarantaine", "quarantaine"},
    {"action=deliver class=encrypted", "last"},
    {"class=encrypted class=signed action=deliver", "twice"},
    {"encrypted action=deliver", "encrypted"},
    {"class = encrypted action=deliver", "class"},
    {"mailbox= action=deliver", "mailbox"},
    {"reason=\"open action=reject", "reason"},
    {"reason=\"a\"b action=reject", "reason"},
    {"signature=verified action=deliver", "verified"},
    {"scan=dirty action=deliver", "dirty"},
    {"origin=lmtp action=deliver", "lmtp"},
    {"strength=strong action=deliver", "strong"},
    {"flag=\"a b\" action=deliver", "a b"},
    {"from= action=deliver", "from"},
};

} // namespace

TEST_GROUP(Policy) {
  std::string error;
  std::vector<Rule> rules;
  Report report;

  Rule rule(const char *text) {
    auto parsed = parse_rule("smime_rule", text, error);
    CHECK_TEXT(parsed.has_value(), error.c_str());
    return *parsed;
  }
  void add(const char *text) { rules.push_back(rule(text)); }
  Question question(const char *mailbox = "INBOX") {
    return {mailbox, '/', "sender@example.org", "user@example.com", Origin::delivery, report};
  }
  Action action(const char *mailbox = "INBOX") { return decide(rules, question(mailbox)).action; }
};

TEST(Policy, WhyARuleDoesNotMatch) {
  report.classes.add(MessageClass::plain);
  const std::pair<const char *, const char *> cases[] = {
      {"class=any-encrypted action=reject", "class is plain, not any-encrypted"},
      {"mailbox=Legal/* action=reject", "mailbox is INBOX, not Legal/*"},
      {"mailbox=!INBOX action=reject", "mailbox is INBOX, not !INBOX"},
      {"origin=copy action=reject", "origin is delivery, not copy"},
      {"signature=signed action=reject", "signature is unknown, not signed"},
      {"scan=clean action=reject", "scan is not-scanned, not clean"},
      {"strength=weak action=reject", "strength is unknown, not weak"},
      {"from=*@example.com action=reject", "from is sender@example.org, not *@example.com"},
      {"to=<> action=reject", "to is user@example.com, not <>"},
      {"class=plain mailbox=INBOX to=user@* action=reject", ""},
  };
  for (const auto &[text, why] : cases) {
    rules = {rule(text)};
    STRCMP_EQUAL(why, why_not(rules[0], question()).c_str());
    CHECK((decide(rules, question()).rule != nullptr) == (*why == '\0'));
  }
}

TEST(Policy, BadRulesAreRefusedByName) {
  for (const BadRule &bad : bad_rules) {
    CHECK_TEXT(!parse_rule("smime_rule7", bad.text, error), bad.text);
    STRCMP_CONTAINS("smime_rule7: ", error.c_str());
    STRCMP_CONTAINS(bad.word, error.c_str());
  }
}

TEST(Policy, QuotedValues) {
  Rule parsed = rule("mailbox=\"Legal Cases/*\" reason=\"Say \\\"why\\\"\" action=reject");
  STRCMP_EQUAL("Legal Cases/*", parsed.mailbox->c_str());
  STRCMP_EQUAL("Say \"why\"", parsed.reason.c_str());
}

TEST(Policy, NoRuleMeansDeliver) {
  Decision decision = decide(rules, question());
  CHECK(decision.action == Action::deliver);
  POINTERS_EQUAL(nullptr, decision.rule);
}

TEST(Policy, FirstMatchWins) {
  add("mailbox=Legal/* action=deliver");
  add("class=any-encrypted action=quarantine");
  report.classes = MessageClass::encrypted;
  CHECK(action("INBOX") == Action::quarantine);
  CHECK(action("Legal/Case") == Action::deliver);
  report.classes = MessageClass::plain;
  CHECK(action("INBOX") == Action::deliver);
}

TEST(Policy, AnyEncryptedCoversAllThatCannotBeLookedInto) {
  add("class=any-encrypted action=quarantine");
  for (MessageClass c : {MessageClass::encrypted, MessageClass::pgp_encrypted,
                         MessageClass::encrypted_archive, MessageClass::encrypted_document}) {
    report.classes = c;
    CHECK(action() == Action::quarantine);
  }
  for (MessageClass c : {MessageClass::plain, MessageClass::signed_, MessageClass::compressed,
                         MessageClass::certs_only, MessageClass::malformed}) {
    report.classes = c;
    CHECK(action() == Action::deliver);
  }
}

TEST(Policy, OneOfSeveralClassesIsEnough) {
  add("class=any-encrypted action=quarantine");
  report.classes = MessageClass::signed_;
  report.classes.add(MessageClass::encrypted);
  CHECK(action() == Action::quarantine);
}

TEST(Policy, EnvelopeConditions) {
  add("from=*@example.org to=user@* action=reject");
  CHECK(action() == Action::reject);
  rules.clear();
  add("from=*@example.com action=reject");
  CHECK(action() == Action::deliver);
}

TEST(Policy, OtherConditions) {
  add("origin=append action=reject");
  add("signature=signed/failed action=reject");
  add("scan=infected action=reject");
  add("strength=weak action=tempfail");
  CHECK(action() == Action::deliver);
  report.strength = Strength::weak;
  CHECK(action() == Action::tempfail);
  report.scan = ScanVerdict::infected;
  CHECK(action() == Action::reject);
}

TEST(Policy, ExcludingMailbox) {
  add("mailbox=!Trash action=quarantine");
  CHECK(action("INBOX") == Action::quarantine);
  CHECK(action("Trash") == Action::deliver);
}

TEST(Policy, MayDivertLooksBeyondTheMailbox) {
  add("mailbox=Legal/* class=encrypted action=quarantine");
  report.classes = MessageClass::plain;
  CHECK_FALSE(may_divert_in_some_mailbox(rules, question("INBOX")));
  report.classes = MessageClass::encrypted;
  CHECK(may_divert_in_some_mailbox(rules, question("INBOX")));
  CHECK(action("INBOX") == Action::deliver);
}

TEST(Policy, ReasonIsTheRulesOrMade) {
  add("class=encrypted reason=\"No keys here\" action=reject");
  report.classes = MessageClass::encrypted;
  STRCMP_EQUAL("No keys here", reason_of(decide(rules, question()), report).c_str());
  rules.clear();
  add("class=encrypted action=reject");
  STRCMP_CONTAINS("encrypted", reason_of(decide(rules, question()), report).c_str());
}

TEST(Policy, SeveralRulesInOneText) {
  auto parsed = parse_rules("policy", " class=signed action=deliver\r\n mailbox=\"A B\" "
                                      "action=quarantine action=reject ", error);
  CHECK_TEXT(parsed.has_value(), error.c_str());
  UNSIGNED_LONGS_EQUAL(3, parsed->size());
  STRCMP_EQUAL("A B", parsed->at(1).mailbox->c_str());
  STRCMP_EQUAL("mailbox=\"A B\" action=quarantine", parsed->at(1).text.c_str());
  CHECK(parsed->at(2).action == Action::reject);
  CHECK(parse_rules("policy", " \n", error)->empty());
}

TEST(Policy, AnErrorInSeveralRulesNamesTheWord) {
  for (const char *text : {"action=deliver class=signd action=reject", "action=deliver class=signed",
                           "action=deliver stray"}) {
    CHECK_FALSE(parse_rules("policy", text, error).has_value());
    STRCMP_CONTAINS("policy: ", error.c_str());
  }
}

TEST(Policy, WhichRulesCanConcernAMailbox) {
  auto concerns = [&](const char *text, Origin origin) {
    return concerns_mailbox(*parse_rules("policy", text, error), "Legal/Cases", '/', origin);
  };
  CHECK_FALSE(concerns("", Origin::copy));
  CHECK_FALSE(concerns("class=signed action=deliver", Origin::copy));
  CHECK(concerns("class=signed flag=$X action=deliver", Origin::copy));
  CHECK(concerns("class=signed action=reject", Origin::append));
  CHECK_FALSE(concerns("origin=delivery action=reject", Origin::append));
  CHECK_FALSE(concerns("mailbox=INBOX action=reject", Origin::append));
  CHECK(concerns("mailbox=Legal/* action=tempfail", Origin::append));
}

TEST(Policy, CopiesOfWhatWasReleasedAreUnderRulesThatNameTheOriginOnly) {
  report.classes.add(MessageClass::encrypted);
  add("class=encrypted action=quarantine");
  add("class=encrypted origin=copy action=reject");
  Question asked = question();
  asked.origin = Origin::copy;
  CHECK(decide(rules, asked).action == Action::quarantine);
  asked.released = true;
  CHECK(decide(rules, asked).action == Action::reject);
  STRCMP_CONTAINS("released", why_not(rules[0], asked).c_str());
}

TEST(Policy, EveryValueThatIsOfferedIsTaken) {
  for (std::string_view key : rule_keys()) {
    for (std::string_view value : rule_values(key)) {
      std::string error;
      std::string text = compose_rule({{key, value}});
      if (key != "action")
        text += " action=deliver";
      CHECK_TRUE(parse_rule("smime_rule x", text, error).has_value());
    }
  }
  CHECK_TRUE(rule_values("mailbox").empty());
  LONGS_EQUAL(4, rule_values("action").size());
  CHECK_TRUE(rule_keys().back() == "action");
}

TEST(Policy, AComposedRuleIsReadBack) {
  std::string error;
  auto rule = parse_rule(
      "smime_rule x",
      compose_rule({{"mailbox", "A \"b\" \\c"}, {"from", ""}, {"action", "reject"}}), error);
  CHECK_TRUE(rule.has_value());
  CHECK_TRUE(*rule->mailbox == "A \"b\" \\c");
  CHECK_FALSE(rule->from.has_value());
}
