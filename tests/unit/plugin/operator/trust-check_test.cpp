#include "plugin/operator/trust-check.h"

#include <CppUTest/TestHarness.h>

using namespace smime;

namespace {
constexpr std::int64_t now = 1795000000; // 2026-11-18
constexpr std::int64_t day = 86400;
} // namespace

TEST_GROUP(TrustCheck) {
  ObjectFacts root = object("anchor", "CN=Root,O=Example", "CN=Root,O=Example");
  ObjectFacts sub = object("intermediate", "CN=Sub", "CN=Root,O=Example");
  ObjectFacts person = object("other", "CN=Alice", "CN=Sub");
  ObjectFacts crl = object("crl", "", "CN=Sub");
  StoreFacts store{"/trust", "soft", {}, {}, ""};

  static ObjectFacts object(const char *kind, const char *subject, const char *issuer) {
    ObjectFacts facts;
    facts.kind = kind;
    facts.subject = subject;
    facts.issuer = issuer;
    facts.sha256 = std::string(kind) + "0123456789abcdef0123456789abcdef";
    facts.file = std::string(kind) + ".pem";
    facts.not_before = now - 10 * day;
    facts.not_after = now + 100 * day;
    return facts;
  }
  void setup() override {
    person.email = {"alice@example.org"};
    store.objects = {root, sub, crl};
  }
  std::string codes(unsigned days = 30) {
    std::string text;
    for (const Finding &finding : check_trust(store, now, days))
      text += std::string(name_of(finding.severity)) + ":" + finding.check + " ";
    return text;
  }
};

TEST(TrustCheck, AGoodStore) { STRCMP_EQUAL("ok:ok ", codes().c_str()); }

TEST(TrustCheck, WhatEndsSoon) {
  store.objects[1].not_after = now + 20 * day;
  store.objects[2].not_after = now + 2 * day;
  STRCMP_EQUAL("warning:certificate-expires ", codes().c_str());
  STRCMP_EQUAL("ok:ok ", codes(10).c_str());
  store.objects[2].not_after = now + day / 2;
  STRCMP_EQUAL("warning:crl-expires ", codes(10).c_str());
  auto finding = check_trust(store, now, 30).at(0);
  STRCMP_CONTAINS("CN=Sub", finding.detail.c_str());
  STRCMP_CONTAINS("in 20 days", finding.detail.c_str());
}

TEST(TrustCheck, WhatTheStoreFoundIsWeighed) {
  store.objects[2].problems = {{"crl-stale", "", "t", "r"}};
  STRCMP_EQUAL("warning:crl-stale ", codes().c_str());
  store.crl_policy = "require";
  STRCMP_EQUAL("error:crl-stale ", codes().c_str());
  store.objects[0].problems = {{"certificate-expired", "", "t", "r"}};
  STRCMP_EQUAL("error:certificate-expired error:crl-stale ", codes().c_str());
}

TEST(TrustCheck, NothingToTrust) {
  store.objects = {sub};
  STRCMP_EQUAL("error:no-anchor ", codes().c_str());
  store.error = "trust_dir: no such directory";
  STRCMP_EQUAL("error:unreadable ", codes().c_str());
  store.directory.clear();
  STRCMP_EQUAL("ok:no-trust-dir ", codes().c_str());
}

TEST(TrustCheck, CertificateAuthoritiesAreImported) {
  store.objects = {};
  auto decision = decide_import(root, store, "", now);
  CHECK_TEXT(decision.accepted, decision.text.c_str());
  STRCMP_EQUAL("root-anchor0123456789.pem", decision.file_name.c_str());
  decision = decide_import(sub, store, "", now);
  CHECK(decision.accepted);
  sub.subject = "O=\xc3\x84 & /../ Co.\n\"'";
  STRCMP_EQUAL("o-co-intermediate0123.pem", decide_import(sub, store, "", now).file_name.c_str());
}

TEST(TrustCheck, WhatIsNoCaIsRefusedAndNamed) {
  auto decision = decide_import(person, store, "", now);
  CHECK_FALSE(decision.accepted);
  STRCMP_CONTAINS("certificate of alice@example.org, issued by CN=Sub: it is no CA",
                  decision.text.c_str());
  root.sha256 = "another";
  root.not_after = now - day;
  decision = decide_import(root, store, "", now);
  CHECK_FALSE(decision.accepted);
  STRCMP_CONTAINS("expired on 2026-11-", decision.text.c_str());
  decision = decide_import(sub, store, "example.org", now);
  CHECK_FALSE(decision.accepted);
  STRCMP_CONTAINS("already", decision.text.c_str());
}

TEST(TrustCheck, ACrlTakesThePlaceOfAnOlderOne) {
  ObjectFacts fresh = crl;
  fresh.sha256 = "fresh";
  fresh.not_before = now - day;
  auto decision = decide_import(fresh, store, "", now);
  CHECK_TEXT(decision.accepted, decision.text.c_str());
  STRCMP_EQUAL("sub.crl.pem", decision.file_name.c_str());
  fresh.not_before = now - 20 * day;
  STRCMP_CONTAINS("crl.pem is newer", decide_import(fresh, store, "", now).text.c_str());
  fresh.not_before = now - day;
  fresh.not_after = now - 1;
  STRCMP_CONTAINS("stale", decide_import(fresh, store, "", now).text.c_str());
  fresh.not_after = now + day;
  fresh.issuer = "CN=Nobody";
  STRCMP_CONTAINS("not in the store", decide_import(fresh, store, "", now).text.c_str());
}

// What is told and wants no action has no exit status of its own.
TEST(TrustCheck, Namesakes) {
  root.problems = {{"namesake", "root.pem", "Another CA is called so too.", "Nothing."}};
  store.objects = {root};
  Findings findings = check_trust(store, now, 1);
  LONGS_EQUAL(1, findings.size());
  STRCMP_EQUAL("namesake", findings[0].check.c_str());
  CHECK(findings[0].severity == Severity::ok);
  STRCMP_EQUAL("namesake", state_of(root).c_str());
}

TEST(TrustCheck, Pem) {
  root.der = std::string(70, 'A');
  STRCMP_EQUAL(("-----BEGIN CERTIFICATE-----\n" + std::string(64, 'A') +
                "\nAAAAAA\n-----END CERTIFICATE-----\n")
                   .c_str(),
               pem_of(root).c_str());
  crl.der = "AAAA";
  STRCMP_CONTAINS("BEGIN X509 CRL", pem_of(crl).c_str());
}

TEST(TrustCheck, DatesAndDomains) {
  STRCMP_EQUAL("2026-11-18", date_text(now).c_str());
  STRCMP_EQUAL("never", date_text(0).c_str());
  CHECK(is_domain("mail.example.org"));
  for (const char *text : {"", "..", "a/b", "Example.org", ".hidden", "a..b", "-a"})
    CHECK_FALSE_TEXT(is_domain(text), text);
}
