#include "plugin/rules/address.h"

#include <CppUTest/TestHarness.h>

using smime::address_matches;

namespace {

struct Case {
  const char *pattern;
  const char *address;
  bool expected;
};

const Case cases[] = {
    {"*@example.org", "user@example.org", true},
    {"*@example.org", "user@example.com", false},
    {"*@example.org", "user@example.org.evil", false},
    {"*@EXAMPLE.org", "User@example.ORG", true},
    {"user?@example.org", "user1@example.org", true},
    {"user?@example.org", "user@example.org", false},
    {"*", "<>", true},
    {"<>", "<>", true},
    {"<>", "a@b", false},
    {"*@*.example.org", "a@sub.example.org", true},
    {"*a*a*a*a*a*b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", false},
    {"", "", true},
    {"", "a", false},
};

} // namespace

TEST_GROUP(Address){};

TEST(Address, Patterns) {
  for (const Case &c : cases)
    CHECK_TEXT(address_matches(c.pattern, c.address) == c.expected, c.pattern);
}
