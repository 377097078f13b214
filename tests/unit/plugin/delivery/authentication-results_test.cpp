#include "plugin/delivery/authentication-results.h"

#include <CppUTest/TestHarness.h>

using namespace smime;

TEST_GROUP(AuthenticationResults) {
  Report report;
  void result(SignatureStatus status, const char *wanted) {
    report.signature = status;
    STRCMP_EQUAL(wanted, std::string(smime_result(&report)).c_str());
  }
};

TEST(AuthenticationResults, Words) {
  STRCMP_EQUAL("temperror", std::string(smime_result(nullptr)).c_str());
  result(SignatureStatus::unknown, "none");
  result(SignatureStatus::signed_verified, "pass");
  result(SignatureStatus::encrypted_signed_verified, "pass");
  result(SignatureStatus::signed_failed, "fail");
  result(SignatureStatus::encrypted_signed_failed, "fail");
  result(SignatureStatus::signed_, "neutral");
  report.classes.add(MessageClass::signed_);
  result(SignatureStatus::unknown, "neutral");
}

TEST(AuthenticationResults, TheField) {
  STRCMP_EQUAL("Authentication-Results: mx.example.org;\r\n\tsmime=none\r\n",
               authentication_results("mx.example.org", &report, 0).c_str());
  report.signature = SignatureStatus::signed_verified;
  report.signers = {
      {"1", "CN=A", {"a@example.org"}, "CN=\"Sub\"\r\nX: y", "0A", "sha256", "", "", ""}};
  STRCMP_EQUAL("Authentication-Results: mx.example.org\r\n"
               "\t(2 fields of this name below came with the message);\r\n"
               "\tsmime=pass\r\n"
               "\tbody.smime-identifier=a@example.org\r\n"
               "\tbody.smime-serial=0A\r\n"
               "\tbody.smime-issuer=\"CN=\\\"Sub\\\"\\\\x0d\\\\x0aX: y\"\r\n"
               "\tbody.smime-part=1\r\n",
               authentication_results("mx.example.org", &report, 2).c_str());
  report.signature = SignatureStatus::signed_failed;
  report.signature_errors = {{"digest-mismatch", "1", "x", "y"}};
  report.signers.push_back(report.signers[0]);
  STRCMP_EQUAL("Authentication-Results: mx;\r\n\tsmime=fail reason=\"digest-mismatch\"\r\n",
               authentication_results("mx", &report, 0).c_str());
}

TEST(AuthenticationResults, WhoClaimsToBeUs) {
  struct {
    unsigned count;
    const char *header;
  } cases[] = {
      {0, ""},
      {0, "Subject: Authentication-Results: mx.example.org\r\n"},
      {1, "Authentication-Results: mx.example.org; smime=pass\r\n"},
      {1, "authentication-results : (a (b) \\) ) MX.Example.org 1; none\n"},
      {1, "A: b\r\nAuthentication-Results:\r\n\t\"mx.example.org\"; none\r\n"},
      {0, "Authentication-Results: mx.example.org.evil; none\r\n"},
      {0, "Authentication-Results: other; mx.example.org\r\n"},
      {0, "X: y\r\n\r\nAuthentication-Results: mx.example.org; none\r\n"},
      {2, "Authentication-Results: mx.example.org; a\nAuthentication-Results: mx.example.org"},
      {0, "Authentication-Results: ("},
  };
  for (const auto &entry : cases)
    LONGS_EQUAL_TEXT(entry.count, count_results_of(entry.header, "mx.example.org"), entry.header);
}
