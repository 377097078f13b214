#include "plugin/operator/report-change.h"

#include <CppUTest/TestHarness.h>

using namespace smime;

TEST_GROUP(ReportChange) {
  Report before;
  Report now;
};

TEST(ReportChange, Nothing) {
  before.uninspectable.push_back({"1", "pgp-encrypted", "", ""});
  now = before;
  STRCMP_EQUAL("", changes_text(before, now).c_str());
}

TEST(ReportChange, WhatDiffers) {
  before.classes.add(MessageClass::encrypted);
  before.uninspectable.push_back({"1", "smime-encrypted", "", "smime.p7m"});
  now.classes.add(MessageClass::signed_);
  now.signature = SignatureStatus::signed_verified;
  now.scan = ScanVerdict::infected;
  now.scan_name = "Eicar";
  now.signature_errors.push_back({"crl-unavailable", "1", "", ""});
  STRCMP_EQUAL("class: encrypted, now signed; signature: unknown, now signed/verified; scan: "
               "not-scanned, now infected (Eicar); new: crl-unavailable (part 1); no more: "
               "uninspectable smime-encrypted (part 1) smime.p7m",
               changes_text(before, now).c_str());
}
