#include "plugin/rules/policy.h"

#include "plugin/rules/words.h"

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
    {"finding= action=deliver", "finding"},
    {"finding=!Bad action=deliver", "!Bad"},
    {"finding=\"a b\" action=deliver", "a b"},
    {"flag=\"a b\" action=deliver", "a b"},
    {"from= action=deliver", "from"},
    {"hold=30d action=quarantine", "hold= wants then="},
    {"then=delete action=quarantine", "go with hold="},
    {"warn=7d action=quarantine", "go with hold="},
    {"hold=30d then=delete action=deliver", "action=quarantine alone"},
    {"hold=7d then=delete warn=7d action=quarantine", "warn= is not shorter"},
    {"hold=30 then=delete action=quarantine",
     "\"30\" is no value for hold (a number and h, d or w"},
    {"hold=0d then=delete action=quarantine", "\"0d\" is no value for hold"},
    {"hold=-1d then=delete action=quarantine", "\"-1d\" is no value for hold"},
    {"hold=30m then=delete action=quarantine", "\"30m\" is no value for hold"},
    {"hold=99999999999999999999d then=delete action=quarantine", "is no value for hold"},
    {"hold=9999999w then=delete action=quarantine", "is no value for hold"},
    {"hold=d then=delete action=quarantine", "is no value for hold"},
    {"hold=30d then=expire action=quarantine",
     "\"expire\" is no value for then (delete, release or reject)"},
    {"hold=30d then=!delete action=quarantine", "cannot be negated"},
    {"when=!arrival action=deliver", "\"!arrival\" is no value for when: it cannot be negated"},
    {"flag=!$Seal action=deliver", "\"!$Seal\" is no value for flag: it cannot be negated"},
    {"action=!deliver", "\"!deliver\" is no value for action: it cannot be negated"},
    {"class=! action=deliver", "\"!\" is no value for class"},
    {"class=!encrypt action=deliver", "\"!encrypt\" is no value for class"},
    {"class=!!encrypted action=deliver", "\"!!encrypted\" is no value for class"},
    {"signature=!verified action=deliver", "!verified"},
    {"scan=!dirty action=deliver", "!dirty"},
    {"origin=!lmtp action=deliver", "!lmtp"},
    {"strength=!strong action=deliver", "!strong"},
    {"mailbox=! action=deliver", "mailbox"},
    {"mailbox=!!INBOX action=deliver", "!!INBOX"},
    {"from=! action=deliver", "from"},
    {"from=!!a@b action=deliver", "!!a@b"},
    {"to=! action=deliver", "\"!\" is no value for to"},
    {"when=arrival mailbox=!Trash action=reject", "mailbox= does not go with when=arrival"},
    {"when=arrival origin=!delivery action=reject", "origin=!delivery does not go with"},
    {"when=later action=deliver", "later"},
    {"notify=senders action=quarantine", "\"senders\" is no value for notify (recipient, sender, "},
    {"notify=recipient, action=quarantine", "\"recipient,\" is no value for notify"},
    {"notify=sender,recipient,sender action=quarantine", "is no value for notify"},
    {"notify=a@b.example,A@b.example action=quarantine", "is no value for notify"},
    {"notify=a@b.c,b@b.c,c@b.c,d@b.c action=quarantine", "is no value for notify"},
    {"notify=<a@b.example> action=quarantine", "is no value for notify"},
    {"notify=sender action=deliver", "notify= goes with action=quarantine alone"},
    {"notify=a@b.example action=reject", "notify= goes with action=quarantine alone"},
    {"notify=!recipient action=quarantine", "it cannot be negated"},
    {"notify=recipient action=deliver", "notify= goes with action=quarantine alone"},
    {"notify=recipient action=reject", "notify= goes with action=quarantine alone"},
    {"recipient=all action=quarantine",
     "\"all\" is no value for recipient (none, view, request or release)"},
    {"recipient=!view action=quarantine", "it cannot be negated"},
    {"recipient=view action=deliver", "recipient= goes with action=quarantine alone"},
    {"when= action=deliver", "when"},
    {"mailbox=INBOX when=arrival action=quarantine", "mailbox= does not go with when=arrival"},
    {"when=arrival mailbox=* action=deliver", "mailbox= does not go with when=arrival"},
    {"when=arrival origin=append action=reject", "origin=append does not go with when=arrival"},
    {"origin=copy when=arrival action=reject", "origin=copy does not go with when=arrival"},
    {"when=arrival flag=$X action=deliver", "flag= does not go with when=arrival"},
};

// As it is compared.
std::string text_of(const Rule &rule, Key key) {
  const Condition *condition = find_condition(rule, key);
  CHECK(condition != nullptr);
  return std::get<std::string>(condition->value);
}

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

TEST(Policy, NegatedConditions) {
  report.classes.add(MessageClass::signed_);
  report.signature = SignatureStatus::signed_;
  report.scan = ScanVerdict::clean;
  report.strength = Strength::strong;
  const std::pair<const char *, const char *> cases[] = {
      {"class=!any-signed action=reject", "class is signed, not !any-signed"},
      {"class=!plain action=reject", ""},
      {"class=!plain action=deliver", ""},
      {"mailbox=!INBOX action=reject", "mailbox is INBOX, not !INBOX"},
      {"mailbox=!Legal/* action=deliver", ""},
      {"origin=!delivery action=reject", "origin is delivery, not !delivery"},
      {"origin=!copy action=reject", ""},
      {"signature=!signed action=reject", "signature is signed, not !signed"},
      {"signature=!signed/verified action=deliver", ""},
      {"scan=!clean action=reject", "scan is clean, not !clean"},
      {"scan=!infected action=deliver", ""},
      {"strength=!weak action=reject", ""},
      {"from=!*@example.org action=reject", "from is sender@example.org, not !*@example.org"},
      {"from=!*@partner.example action=deliver", ""},
      {"from=!<> action=deliver", ""},
      {"to=!user@* action=reject", "to is user@example.com, not !user@*"},
      {"to=!postmaster@* class=signed from=!*@a mailbox=!Trash action=reject", ""},
      {"reason=\"!Send it again\" action=reject", ""},
  };
  for (const auto &[text, why] : cases) {
    rules = {rule(text)};
    STRCMP_EQUAL(why, why_not(rules[0], question()).c_str());
    CHECK_TEXT((decide(rules, question()).rule != nullptr) == (*why == '\0'), text);
  }
}

// A message of which something is not known is held by a negated condition, and delivered
// by none.
TEST(Policy, InDoubtANegatedConditionHoldsAndDoesNotDeliver) {
  struct Doubt {
    const char *condition;
    void (*make)(Report &report);
  };
  const Doubt doubts[] = {
      {"class=!any-encrypted", [](Report &r) { r.classes = MessageClass::malformed; }},
      {"class=!encrypted",
       [](Report &r) {
         r.uninspectable.push_back({"2", "limit-exceeded", "", ""});
       }},
      {"class=!encrypted",
       [](Report &r) {
         r.uninspectable.push_back({"2", "unsupported-archive", "", ""});
       }},
      {"class=!encrypted", [](Report &r) { r.dropped = 1; }},
      {"signature=!signed/failed", [](Report &r) { r.classes = MessageClass::malformed; }},
      {"strength=!weak", [](Report &r) { r.classes = MessageClass::malformed; }},
      {"scan=!infected", [](Report &r) { r.scan = ScanVerdict::error; }},
      {"scan=!uninspectable", [](Report &r) { r.scan = ScanVerdict::error; }},
      {"scan=!uninspectable",
       [](Report &r) {
         r.uninspectable.push_back({"2", "limit-exceeded", "", ""});
       }},
  };
  for (const Doubt &doubt : doubts) {
    report = Report();
    report.classes = MessageClass::plain;
    std::string text(doubt.condition);
    rules = {rule((text + " action=deliver").c_str())};
    CHECK_TEXT(decide(rules, question()).rule != nullptr, doubt.condition);
    doubt.make(report);
    CHECK_TEXT(decide(rules, question()).rule == nullptr, doubt.condition);
    STRCMP_CONTAINS("not !", why_not(rules[0], question()).c_str());
    for (const char *action : {"quarantine", "reject", "tempfail"}) {
      rules = {rule((text + " action=" + action).c_str())};
      CHECK_TEXT(decide(rules, question()).rule != nullptr, doubt.condition);
      CHECK(may_divert_in_some_mailbox(rules, question()));
    }
  }
}

TEST(Policy, ASenderThatIsNotKnownIsNotDeliveredByANegation) {
  add("from=!*@bad.example action=deliver");
  Question asked = question();
  asked.from = "";
  POINTERS_EQUAL(nullptr, decide(rules, asked).rule);
  STRCMP_EQUAL("from is not known, not !*@bad.example for certain, without which nothing is "
               "delivered",
               why_not(rules[0], asked).c_str());
  rules = {rule("from=!*@partner.example action=quarantine")};
  CHECK(decide(rules, asked).rule != nullptr);
  // The empty sender is known.
  asked.from = "<>";
  rules = {rule("from=!*@bad.example action=deliver")};
  CHECK(decide(rules, asked).rule != nullptr);
}

TEST(Policy, ReasonsOfNegatedConditions) {
  report.classes.add(MessageClass::plain);
  report.scan_name = "Eicar";
  const struct {
    const char *text;
    ScanVerdict scan;
    const char *reason;
  } cases[] = {
      {"class=!any-signed action=reject", ScanVerdict::clean,
       "Mail that is not of class any-signed is not accepted here"},
      {"signature=!signed/verified action=quarantine", ScanVerdict::clean,
       "Mail whose signature is not signed/verified (it is unknown) is held for review"},
      {"scan=!clean action=reject", ScanVerdict::infected,
       "A message that carries malware (Eicar) is not accepted here"},
      {"scan=!clean action=quarantine", ScanVerdict::infected,
       "A message that carries malware (Eicar) is held for review"},
      {"scan=!clean reason=Hold action=quarantine", ScanVerdict::infected,
       "Hold; it carries malware (Eicar)"},
      {"scan=!clean action=reject", ScanVerdict::error,
       "A message that the virus scanner could not look at is not accepted here"},
      {"scan=!clean action=reject", ScanVerdict::not_scanned,
       "A message that no virus scanner looked at is not accepted here"},
      {"scan=!clean action=quarantine", ScanVerdict::uninspectable,
       "A message with content that could not be looked into is held for review"},
      {"scan=!infected action=reject", ScanVerdict::clean,
       "Mail of class plain is not accepted here"},
  };
  for (const auto &[text, scan, reason] : cases) {
    report.scan = scan;
    rules = {rule(text)};
    STRCMP_EQUAL(reason, reason_of(decide(rules, question()), report).c_str());
  }
}

TEST(Policy, NegatedRulesAndMailboxes) {
  report.classes.add(MessageClass::encrypted);
  add("mailbox=!INBOX class=!plain action=quarantine");
  CHECK(action("INBOX") == Action::deliver);
  CHECK(action("Legal") == Action::quarantine);
  CHECK(may_divert_in_some_mailbox(rules, question("INBOX")));
  CHECK_FALSE(concerns_mailbox(rules, "INBOX", '/', Origin::append));
  CHECK(concerns_mailbox(rules, "Legal", '/', Origin::append));
  CHECK_FALSE(holds_for_mailbox(rules[0], "INBOX", '/'));
  CHECK(holds_for_mailbox(rules[0], "Legal", '/'));
  rules = {rule("origin=!append class=!plain action=quarantine")};
  CHECK_FALSE(concerns_mailbox(rules, "INBOX", '/', Origin::append));
  CHECK(concerns_mailbox(rules, "INBOX", '/', Origin::copy));
  // Anything may be of another class than that.
  rules = {rule("class=!plain action=quarantine")};
  CHECK(concerns_mailbox(rules, "INBOX", '/', Origin::append));
}

TEST(Policy, ARuleIsOfOneStage) {
  report.classes.add(MessageClass::encrypted);
  add("class=encrypted when=arrival action=reject");
  add("class=encrypted when=save action=quarantine");
  add("class=encrypted action=tempfail");
  Question arrival = question();
  arrival.when = When::arrival;
  POINTERS_EQUAL(&rules[0], decide(rules, arrival).rule);
  POINTERS_EQUAL(&rules[1], decide(rules, question()).rule);
  STRCMP_EQUAL("when is save, not arrival", why_not(rules[0], question()).c_str());
  STRCMP_EQUAL("when is arrival, not save", why_not(rules[1], arrival).c_str());
  rules.resize(1);
  CHECK_FALSE(concerns_mailbox(rules, "INBOX", '/', Origin::append));
  CHECK_FALSE(may_divert_in_some_mailbox(rules, question()));
}

// A virus scanner that failed does not make a part inspectable.
TEST(Policy, UninspectablePartsAreHeldWhateverTheEngineSays) {
  report.uninspectable.push_back({"2", "limit-exceeded", "", ""});
  const std::pair<ScanVerdict, bool> cases[] = {{ScanVerdict::uninspectable, true},
                                                {ScanVerdict::error, true},
                                                {ScanVerdict::not_scanned, true},
                                                {ScanVerdict::infected, true}};
  for (const auto &[verdict, held] : cases) {
    report.scan = verdict;
    for (const char *action : {"quarantine", "reject", "tempfail"}) {
      rules = {rule((std::string("scan=uninspectable action=") + action).c_str())};
      CHECK(held == (decide(rules, question()).rule != nullptr));
      CHECK(held == why_not(rules[0], question()).empty());
    }
    // To deliver it, the verdict has to be there.
    rules = {rule("scan=uninspectable action=deliver")};
    CHECK((verdict == ScanVerdict::uninspectable) == (decide(rules, question()).rule != nullptr));
  }
  report.uninspectable.clear();
  report.scan = ScanVerdict::error;
  rules = {rule("scan=uninspectable action=quarantine")};
  POINTERS_EQUAL(nullptr, decide(rules, question()).rule);
}

// What is held for something else is not released for want of a word.
TEST(Policy, TheReasonTellsOfMalware) {
  report.scan = ScanVerdict::infected;
  report.scan_name = "Eicar-Test-Signature";
  for (const char *text : {"reason=Odd action=quarantine", "action=quarantine"}) {
    rules = {rule(text)};
    STRCMP_CONTAINS("; it carries malware (Eicar-Test-Signature)",
                    reason_of(decide(rules, question()), report).c_str());
  }
  rules = {rule("reason=Virus scan=infected action=quarantine")};
  STRCMP_EQUAL("Virus", reason_of(decide(rules, question()), report).c_str());
  rules = {rule("reason=Odd action=reject")};
  STRCMP_EQUAL("Odd", reason_of(decide(rules, question()), report).c_str());
}

TEST(Policy, TheReasonOfWhatCouldNotBeLookedInto) {
  add("scan=uninspectable action=quarantine");
  report.scan = ScanVerdict::uninspectable;
  for (const char *code : {"limit-exceeded", "malformed", "limit-exceeded", "no code\r\n"})
    report.uninspectable.push_back({"2", code, "", ""});
  STRCMP_EQUAL(
      "A message with content that could not be looked into (limit-exceeded, malformed) is "
      "held for review",
      reason_of(decide(rules, question()), report).c_str());
  report.uninspectable.clear();
  STRCMP_EQUAL("A message with content that could not be looked into is held for review",
               reason_of(decide(rules, question()), report).c_str());
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
  STRCMP_EQUAL("Legal Cases/*", text_of(parsed, Key::mailbox).c_str());
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

TEST(Policy, FindingMatchesAnyCode) {
  Report report;
  report.signature_errors.push_back({"address-mismatch", "", "", ""});
  report.errors.push_back({"spliced-encryption", "", "", ""});
  report.uninspectable.push_back({"1", "encrypted-file", "", ""});
  auto action = [&](const std::string &value) {
    std::string error;
    auto rule = parse_rule("smime_rule", "finding=" + value + " action=reject", error);
    CHECK_TEXT(rule.has_value(), error.c_str());
    return decide({*rule}, {"INBOX", '/', "a@b", "c@d", Origin::delivery, report}).action;
  };
  for (const char *code : {"address-mismatch", "spliced-encryption", "encrypted-file"}) {
    CHECK(action(code) == Action::reject);
    CHECK(action(std::string("!") + code) == Action::deliver);
  }
  CHECK(action("address") == Action::deliver);
  CHECK(action("!address") == Action::reject);
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
  auto parsed = parse_rules("policy",
                            " class=signed action=deliver\r\n mailbox=\"A B\" "
                            "action=quarantine action=reject ",
                            error);
  CHECK_TEXT(parsed.has_value(), error.c_str());
  UNSIGNED_LONGS_EQUAL(3, parsed->size());
  STRCMP_EQUAL("A B", text_of(parsed->at(1), Key::mailbox).c_str());
  STRCMP_EQUAL("mailbox=\"A B\" action=quarantine", parsed->at(1).text.c_str());
  CHECK(parsed->at(2).action == Action::reject);
  CHECK(parse_rules("policy", " \n", error)->empty());
}

TEST(Policy, AnErrorInSeveralRulesNamesTheWord) {
  for (const char *text : {"action=deliver class=signd action=reject",
                           "action=deliver class=signed", "action=deliver stray"}) {
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
  rules = {rule("class=encrypted origin=!delivery action=reject")};
  POINTERS_EQUAL(nullptr, decide(rules, asked).rule);
}

TEST(Policy, ARuleThatHoldsMayTellTheRecipient) {
  CHECK_TRUE(rule("class=encrypted notify=recipient action=quarantine").notifies_recipient);
  CHECK_FALSE(rule("class=encrypted action=quarantine").notifies_recipient);
}

TEST(Policy, ARuleThatHoldsMayTellSeveral) {
  Rule found = rule("notify=sender action=quarantine");
  CHECK_TRUE(found.notifies_sender && !found.notifies_recipient && found.notified.empty());
  found = rule("notify=\"help@example.org , recipient,desk+1@mail.example.org\" action=quarantine");
  CHECK_TRUE(found.notifies_recipient && !found.notifies_sender);
  CHECK_TRUE(found.notified ==
             std::vector<std::string>({"help@example.org", "desk+1@mail.example.org"}));
}

TEST(Policy, ARuleThatHoldsSaysWhatTheRecipientMayDo) {
  CHECK_TRUE(rule("class=encrypted action=quarantine").recipient_may == RecipientMay::nothing);
  for (auto may :
       {RecipientMay::nothing, RecipientMay::view, RecipientMay::request, RecipientMay::release})
    CHECK_TRUE(rule(("recipient=" + std::string(name_of(may)) + " action=quarantine").c_str())
                   .recipient_may == may);
}

TEST(Policy, EveryValueThatIsOfferedIsTaken) {
  for (std::string_view key : rule_keys()) {
    for (std::string_view value : rule_values(key)) {
      std::string error;
      std::string text = compose_words({{key, value}});
      if (key == "then")
        text += " hold=1d action=quarantine";
      else if (key == "recipient")
        text += " action=quarantine";
      else if (key != "action")
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
      compose_words({{"mailbox", "A \"b\" \\c"}, {"from", ""}, {"action", "reject"}}), error);
  CHECK_TRUE(rule.has_value());
  STRCMP_EQUAL("A \"b\" \\c", text_of(*rule, Key::mailbox).c_str());
  POINTERS_EQUAL(nullptr, find_condition(*rule, Key::from));
}
