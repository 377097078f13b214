#include "plugin/operator/certificate-check.h"

#include <CppUTest/TestHarness.h>

using namespace smime;

namespace {
constexpr std::int64_t now = 1795000000;
constexpr std::int64_t day = 86400;
} // namespace

TEST_GROUP(CertificateCheck) {
  ObjectFacts good = certificate("one");
  DirectoryCertificates entry{"cn=alice", {}, {}};

  static ObjectFacts certificate(const char *sha256) {
    ObjectFacts facts;
    facts.kind = "other";
    facts.sha256 = sha256;
    facts.serial = sha256;
    facts.not_before = now - day;
    facts.not_after = now + 100 * day;
    facts.email = {"Alice@example.org"};
    return facts;
  }
  static FileFacts value(const ObjectFacts &facts) { return {"", {facts}, ""}; }
  std::string codes(const std::string &kept = "") {
    std::string text;
    for (const Finding &finding : check_directory("alice@example.org", {entry}, kept, now))
      text += std::string(name_of(finding.severity)) + ":" + finding.check + " ";
    return text;
  }
};

TEST(CertificateCheck, WhichAttributeHasOne) {
  STRCMP_EQUAL("error:no-certificate ", codes().c_str());
  entry.user_certificate = {value(good)};
  STRCMP_EQUAL("warning:only-userCertificate ", codes().c_str());
  ObjectFacts ca = certificate("ca");
  ca.kind = "anchor";
  entry.user_smime_certificate = {{"", {ca, good}, ""}};
  STRCMP_EQUAL("ok:ok ", codes().c_str());
  entry.user_certificate.clear();
  STRCMP_EQUAL("warning:only-userSMIMECertificate ", codes().c_str());
  entry.user_certificate = {value(certificate("two"))};
  STRCMP_EQUAL("error:different-certificates ", codes().c_str());
}

TEST(CertificateCheck, WhatIsWrongWithOne) {
  good.not_after = now - day;
  good.not_for_mail = "its extended key usage is serverAuth alone";
  good.email = {"bob@example.org"};
  entry.user_certificate = {value(good)};
  entry.user_smime_certificate = {value(good)};
  STRCMP_EQUAL("error:certificate-expired error:no-email-protection error:address-mismatch ",
               codes().c_str());
  good.not_after = now + 2 * day;
  good.not_before = now + day;
  good.not_for_mail.clear();
  good.email.clear();
  entry.user_certificate = {value(good), {"", {}, "it is no certificate"}};
  STRCMP_EQUAL(
      "error:unreadable-certificate error:certificate-not-yet-valid error:address-mismatch ",
      codes().c_str());
}

TEST(CertificateCheck, TheOneInUse) {
  entry.user_certificate = {value(good)};
  entry.user_smime_certificate = {value(good)};
  STRCMP_EQUAL("ok:ok ", codes("one").c_str());
  STRCMP_EQUAL("warning:not-the-one-in-use ", codes("other").c_str());
}

TEST(CertificateCheck, Entries) {
  auto findings = check_directory("a@b", {}, "", now);
  STRCMP_EQUAL("no-entry", findings.at(0).check.c_str());
  findings = check_directory("alice@example.org", {entry, entry}, "", now);
  STRCMP_EQUAL("several-entries", findings.at(0).check.c_str());
  LONGS_EQUAL(3, findings.size());
}

TEST(CertificateCheck, Filters) {
  STRCMP_EQUAL("(|(mail=a@b)(x=a@b))",
               directory_filter("(|(mail={address})(x={address}))", "a@b").c_str());
  STRCMP_EQUAL("(mail=\\2a\\29\\28x=\\5c\\c3\\a4\\00)",
               directory_filter("(mail={address})", std::string("*)(x=\\\xc3\xa4\0", 9)).c_str());
}
