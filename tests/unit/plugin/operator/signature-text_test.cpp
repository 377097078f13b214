#include "plugin/operator/signature-text.h"

#include <CppUTest/TestHarness.h>

using namespace smime;

TEST_GROUP(SignatureText){};

TEST(SignatureText, whatCouldNotBeLookedInto) {
  Report report;
  report.uninspectable = {{"2", "encrypted-archive", "application/zip", "a.zip"},
                          {"3", "unrecognised", "", "b.zip/c.bin"},
                          {"4", "unrecognised", "application/x-odd", ""},
                          {"", "message-too-large", "", ""}};
  STRCMP_EQUAL("part 2 (application/zip, a.zip): encrypted-archive; "
               "part 3 (b.zip/c.bin): unrecognised; part 4 (application/x-odd): unrecognised; "
               "the message: message-too-large",
               uninspectable_text(report).c_str());
}
