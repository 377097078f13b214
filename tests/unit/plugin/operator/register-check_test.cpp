#include "plugin/operator/register-check.h"

#include <CppUTest/TestHarness.h>

using namespace smime;

TEST_GROUP(RegisterCheck) {
  static constexpr time_t now = 1795000000;
  RegisterFacts facts{true, "", "/spool", "", 0, 0, 0};

  std::string told() const {
    std::string text;
    for (const Finding &finding : check_register(facts, now))
      text += std::string(name_of(finding.severity)) + ":" + finding.setting + " ";
    return text;
  }
};

TEST(RegisterCheck, withoutOneNothingIsSaid) {
  facts.is_set = false;
  facts.spool_error = "/spool: No such file or directory";
  STRCMP_EQUAL("", told().c_str());
}

TEST(RegisterCheck, whatWorks) { STRCMP_EQUAL("ok:smime_register ", told().c_str()); }

TEST(RegisterCheck, rowsThatJustCameAreOnTheirWay) {
  facts.waiting = 3;
  facts.oldest = now - 10;
  STRCMP_EQUAL("ok:smime_register ", told().c_str());
}

TEST(RegisterCheck, rowsForWhichNobodyComes) {
  facts.waiting = 1;
  facts.oldest = now - 301;
  STRCMP_EQUAL("warning:service smime-register ", told().c_str());
}

TEST(RegisterCheck, whatIsWrongIsToldTogether) {
  facts.error = "no such table";
  facts.refused = 2;
  facts.spool_error = "/spool: Permission denied";
  STRCMP_EQUAL("error:smime_register error:smime_register_spool warning:smime_register_spool ",
               told().c_str());
}
