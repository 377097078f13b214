#include "plugin/operator/separator-check.h"

#include <CppUTest/TestHarness.h>

using namespace smime;

namespace {

// The settings of all findings, with a blank behind each.
std::string named(std::string_view separators, const NamedValues &values) {
  std::string text;
  for (const Finding &finding : check_separators(separators, parse_settings(values)))
    text += finding.setting + " ";
  return text;
}

} // namespace

TEST_GROUP(SeparatorCheck){};

TEST(SeparatorCheck, PatternsThatMatchNothing) {
  const NamedValues slash{{"smime_rule", "mailbox=Legal/* action=deliver"}};
  const NamedValues dot{{"smime_rule", "mailbox=Legal.% action=deliver"}};
  STRCMP_EQUAL("smime_rule ", named(".", slash).c_str());
  STRCMP_EQUAL("", named("/", slash).c_str());
  STRCMP_EQUAL("", named("./", slash).c_str());
  STRCMP_EQUAL("smime_rule ", named("/", dot).c_str());
  STRCMP_EQUAL("", named(".", dot).c_str());
  STRCMP_EQUAL("", named("", slash).c_str());
}

TEST(SeparatorCheck, ADotIsAPartOfNames) {
  STRCMP_EQUAL("", named("/", {{"smime_rule", "mailbox=Example.org action=deliver"}}).c_str());
}

TEST(SeparatorCheck, NegatedOnesAndStoresToo) {
  STRCMP_EQUAL("smime_rule2 smime_stores ",
               named(".", {{"smime_rule", "mailbox=INBOX action=deliver"},
                           {"smime_rule2", "mailbox=!Legal/* action=quarantine"},
                           {"smime_stores", "* !Spam/*"}})
                   .c_str());
}

TEST(SeparatorCheck, TheRemedyIsThePatternMended) {
  auto findings =
      check_separators(".", parse_settings({{"smime_rule", "mailbox=Legal/* action=deliver"}}));
  LONGS_EQUAL(1, findings.size());
  STRCMP_CONTAINS("\"Legal/*\" does not mean", findings[0].detail.c_str());
  STRCMP_CONTAINS("Write Legal.*, ", findings[0].remedy.c_str());
}
