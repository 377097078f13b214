#include "plugin/quarantine/filter.h"
#include "plugin/quarantine/recipient.h"

#include <CppUTest/TestHarness.h>

using namespace smime;

TEST_GROUP(QuarantineFilterGroup) {
  QuarantineRecord record;
  Report report;
  QuarantineFilter filter;

  void setup() override {
    record.from = "Sender@example.org";
    record.rule = "smime_rule3: class=any-encrypted action=quarantine";
    record.time = format_time(1700000000);
    report.classes.add(MessageClass::encrypted);
  }
  bool matches() { return filter.matches(record, &report); }
};

TEST(QuarantineFilterGroup, EachConditionCounts) {
  CHECK(matches());
  filter.classes = any_encrypted_classes;
  filter.from = "*@example.org";
  filter.rule = "smime_rule3";
  filter.since = 1700000000;
  CHECK(matches());
  filter.since = 1700000001;
  CHECK(!matches());
  filter.since = 1699999999;
  filter.rule = "smime_rule4";
  CHECK(!matches());
  filter.rule.reset();
  filter.from = "*@example.com";
  CHECK(!matches());
  filter.from.reset();
  filter.classes = ClassSet(MessageClass::signed_);
  CHECK(!matches());
}

TEST(QuarantineFilterGroup, ToIsTheRecipientOrTheUser) {
  record.to = "Anna.Smith@Example.org";
  record.user = "anna";
  for (const char *pattern : {"anna", "ANNA", "*@example.org", "anna.smith@example.org", "!bob",
                              "!*@example.com", "anna.?mith@*"}) {
    filter.to = pattern;
    CHECK_TEXT(matches(), pattern);
  }
  for (const char *pattern : {"ann", "!anna", "!*@example.org", "example.org", "bob"}) {
    filter.to = pattern;
    CHECK_FALSE_TEXT(matches(), pattern);
  }
}

TEST(QuarantineFilterGroup, DomainAndReason) {
  record.to = "anna@Example.org";
  record.reason = "Mail of class Encrypted is held";
  filter.domain = "EXAMPLE.org";
  filter.reason = "encrypted IS";
  CHECK(matches());
  CHECK_FALSE(filter.empty());
  filter.domain = "ample.org";
  CHECK_FALSE(matches());
  filter.domain.reset();
  filter.reason = "virus";
  CHECK_FALSE(matches());
}

TEST(QuarantineFilterGroup, AReportThatCannotBeReadHasNoClass) {
  CHECK(filter.matches(record, nullptr));
  filter.classes = any_encrypted_classes;
  CHECK(!filter.matches(record, nullptr));
}

TEST(QuarantineFilterGroup, Recipients) {
  STRCMP_EQUAL("", describe_recipients(report).c_str());
  report.recipients = {{"CN=CA", "12AB", "", "rsaEncryption"}, {"", "", "34CD", ""}};
  report.recipient_count = 2;
  STRCMP_EQUAL("CN=CA 12AB (rsaEncryption); key 34CD", describe_recipients(report).c_str());
  report.recipient_count = 12;
  STRCMP_CONTAINS("; and 10 more", describe_recipients(report).c_str());
}

TEST(QuarantineFilterGroup, WhoseAMessageIs) {
  record.to = "sales@example.org";
  record.user = "alice@example.org";
  CHECK(is_held_for(record, "alice@example.org"));
  CHECK_FALSE(is_held_for(record, "alice"));
  CHECK_FALSE(is_held_for(record, "sales@example.org"));
  STRCMP_EQUAL("alice@example.org", recipient_of(record).c_str());
  for (bool central : {false, true}) {
    CHECK(may_be_given_to(record, "alice@example.org", central));
    CHECK_FALSE(may_be_given_to(record, "sales@example.org", central));
  }
  filter.held_for = "alice@example.org";
  CHECK_FALSE(filter.empty());
  CHECK(filter.matches(record, nullptr));
  filter.held_for = "bob@example.org";
  CHECK_FALSE(filter.matches(record, nullptr));
  // Of an earlier version.
  record.user.clear();
  CHECK(is_held_for(record, "sales@example.org"));
  CHECK(is_held_for(record, "sales"));
  CHECK_FALSE(is_held_for(record, "alice"));
  CHECK_FALSE(is_held_for(record, ""));
  // In a mailbox of his own it is his.
  CHECK(may_be_given_to(record, "alice", false));
  CHECK_FALSE(may_be_given_to(record, "alice", true));
  STRCMP_EQUAL("sales@example.org", recipient_of(record).c_str());
}

TEST(QuarantineFilterGroup, TheRecipientMayWhatTheRuleGivesHim) {
  QuarantineRecord held;
  held.user = "alice";
  auto acts = [&](const std::string &may, const char *user = "alice", bool central = false) {
    held.rule = "smime_rule: class=any-encrypted " + may + "action=quarantine";
    return acts_of_recipient(held, user, central);
  };
  CHECK(acts("").empty());
  CHECK(acts("recipient=view ").has_all({Act::list, Act::show, Act::preview}));
  CHECK_FALSE(acts("recipient=request ").has(Act::release));
  CHECK(acts("recipient=release ").has(Act::release));
  for (Act never : {Act::reject, Act::remove, Act::download, Act::policy})
    CHECK_FALSE(acts("recipient=release ").has(never));
  for (bool central : {false, true})
    CHECK(acts("recipient=release ", "bob", central).empty());
  held.user.clear();
  held.to = "alice@example.org";
  CHECK(acts("recipient=release ", "bob", true).empty());
  CHECK_FALSE(acts("recipient=release ", "alice", true).empty());
  held.rule = "scanner";
  CHECK(acts_of_recipient(held, "alice", false).empty());
}

TEST(QuarantineFilterGroup, TextIsLookedForInTheEnvelope) {
  record.to = "anna@example.org";
  for (const char *part : {"SENDER", "anna@", "example"})
    CHECK_TRUE_TEXT(envelope_has(record, part), part);
  CHECK_FALSE(envelope_has(record, "bob"));
}
