#include "plugin/rules/mailbox-pattern.h"

#include <CppUTest/TestHarness.h>
#include <string>

using smime::mailbox_matches;
using smime::MailboxPatterns;

namespace {

struct Case {
  const char *pattern;
  const char *mailbox;
  char separator;
  bool expected;
};

const Case single[] = {
    {"Legal/*", "Legal/Case", '/', true},
    {"Legal/*", "Legal/Case/2026", '/', true},
    {"Legal/*", "Legal", '/', false},
    {"Legal/%", "Legal/Case", '/', true},
    {"Legal/%", "Legal/Case/2026", '/', false},
    {"%/Case", "Legal/Case", '/', true},
    {"%/Case", "A/B/Case", '/', false},
    {"*/Case", "A/B/Case", '/', true},
    {"*%/Case", "A/B/Case", '/', true},
    {"%.Case", "Legal.Case", '.', true},
    {"inbox", "INBOX", '/', true},
    {"INBOX", "Inbox", '/', true},
    {"inbox/*", "INBOX/Sub", '/', true},
    {"Inboxes", "INBOXES", '/', false},
    {"legal", "Legal", '/', false},
    {"*", "", '/', true},
    {"a%b*c", "aXbYYc", '/', true},
    {"a%b*c", "aX/bYYc", '/', false},
};

} // namespace

TEST_GROUP(MailboxPattern) {
  std::string error;
  MailboxPatterns parsed(const char *text) {
    auto patterns = MailboxPatterns::parse(text, error);
    CHECK_TEXT(patterns.has_value(), error.c_str());
    return *patterns;
  }
};

TEST(MailboxPattern, Single) {
  for (const Case &c : single)
    CHECK_TEXT(mailbox_matches(c.pattern, c.mailbox, c.separator) == c.expected, c.pattern);
}

TEST(MailboxPattern, ListWithExclusion) {
  auto patterns = parsed("INBOX Legal/* !Legal/Public");
  CHECK(patterns.matches("INBOX", '/'));
  CHECK(patterns.matches("Legal/Case", '/'));
  CHECK_FALSE(patterns.matches("Legal/Public", '/'));
  CHECK_FALSE(patterns.matches("Other", '/'));
}

TEST(MailboxPattern, ExclusionsAloneMeanTheRest) {
  auto patterns = parsed("!Spam");
  CHECK(patterns.matches("INBOX", '/'));
  CHECK_FALSE(patterns.matches("Spam", '/'));
}

TEST(MailboxPattern, QuotedNamesMayHaveSpaces) {
  auto patterns = parsed("\"Legal Cases/*\" 'Two Words'");
  CHECK(patterns.matches("Legal Cases/1", '/'));
  CHECK(patterns.matches("Two Words", '/'));
  CHECK_FALSE(patterns.matches("Legal", '/'));
}

TEST(MailboxPattern, ListsThatMatchNothing) {
  CHECK_FALSE(parsed("").can_match());
  CHECK_FALSE(parsed("!*").can_match());
  CHECK_FALSE(parsed("* !*").can_match());
  CHECK(parsed("!INBOX").can_match());
}

TEST(MailboxPattern, BadListsAreRefused) {
  CHECK_FALSE(MailboxPatterns::parse("INBOX \"Legal", error).has_value());
  STRCMP_CONTAINS("Legal", error.c_str());
  CHECK_FALSE(MailboxPatterns::parse("INBOX !", error).has_value());
}
