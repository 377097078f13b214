#include "scanner/verify/judgement.h"

#include <CppUTest/TestHarness.h>
#include <set>
#include <string>
#include <utility>
#include <vector>

using namespace smime;

namespace {

const std::string alice = "alice@example.org";
const std::string bob = "bob@example.org";

SignerCheck good(const std::string &address = alice) {
  SignerCheck check;
  check.has_certificate = true;
  check.name = check.signer.subject = "CN=" + address;
  check.signer.certificate = "AAAA";
  check.addresses = {address};
  check.holds = true;
  return check;
}

SignerCheck with(const char *code, bool holds = true) {
  SignerCheck check = good();
  check.holds = holds;
  check.errors = {{code, "1", "Something.", "Something."}};
  return check;
}

LayerSignature layer(std::vector<SignerCheck> signers, Cover cover = {true, false, 0},
                     std::vector<ReportError> errors = {}) {
  return {"1", cover, std::move(signers), std::move(errors)};
}

SignatureFindings found(std::vector<LayerSignature> layers) {
  SignatureFindings findings;
  findings.layers = std::move(layers);
  findings.senders.from_fields = 1;
  findings.senders.from = {alice};
  return findings;
}

SignatureFindings from(std::vector<std::string> addresses, std::vector<std::string> sender = {}) {
  SignatureFindings findings = found({layer({good()})});
  findings.senders.from = std::move(addresses);
  findings.senders.sender_fields = sender.empty() ? 0 : 1;
  findings.senders.sender = std::move(sender);
  return findings;
}

SignatureFindings protecting(Senders inner) {
  SignatureFindings findings = found({layer({good()})});
  findings.has_protected_from = true;
  findings.protected_senders = std::move(inner);
  return findings;
}

SignatureFindings outside(SignatureFindings findings, unsigned level) {
  findings.outside_encryption = true;
  findings.outside_level = level;
  findings.errors.push_back({"signature-outside-encryption", "", "Something.", "Something."});
  return findings;
}

SignatureFindings saying(SignatureFindings findings, const char *code) {
  findings.errors.push_back({code, "", "Something.", "Something."});
  return findings;
}

SignatureFindings odd(std::string odd, std::string in_name, unsigned fields = 1,
                      bool contradicting = false) {
  SignatureFindings findings = found({layer({good()})});
  findings.senders.odd = std::move(odd);
  findings.senders.address_in_name = std::move(in_name);
  findings.senders.from_fields = fields;
  findings.senders.contradicting = contradicting;
  return findings;
}

Senders inner(unsigned fields, std::vector<std::string> from, unsigned sender_fields = 0,
              std::vector<std::string> sender = {}, std::string odd = "") {
  Senders senders;
  senders.from_fields = fields;
  senders.from = std::move(from);
  senders.sender_fields = sender_fields;
  senders.sender = std::move(sender);
  senders.odd = std::move(odd);
  return senders;
}

Senders contradicting(Senders senders) {
  senders.contradicting = true;
  return senders;
}

SignatureFindings misleading() {
  SignatureFindings findings = found({layer({good()})});
  findings.senders.misleading = "it has a NUL in it";
  return findings;
}

SignatureFindings odd_charset() {
  SignatureFindings findings = found({layer({good()})});
  findings.senders.note = "it is in a charset that is not known";
  return findings;
}

SignerCheck without_subject(const std::string &address) {
  SignerCheck check = good(address);
  check.signer.subject = "";
  check.name = address;
  return check;
}

SignerCheck without_certificate() {
  SignerCheck check = with("certificate-missing", false);
  check.has_certificate = false;
  check.addresses = {};
  return check;
}

SignatureFindings both_authors() {
  SignatureFindings findings = from({alice, bob});
  findings.layers[0].signers[0].addresses = {alice, bob};
  return findings;
}

// From is a list's, whose fields name named; inner is From of the signed header.
SignatureFindings of_list(const std::string &named, const std::string &signer,
                          std::vector<std::string> inside = {}, const char *code = nullptr) {
  SignatureFindings findings = found({layer({code == nullptr ? good(signer) : with(code, false)})});
  findings.senders.from = {"dev@lists.example.net"};
  findings.senders.list.lists = {"dev.lists.example.net"};
  findings.senders.add("Reply-To",
                       {reinterpret_cast<const unsigned char *>(named.data()), named.size()});
  if (!inside.empty()) {
    findings.has_protected_from = true;
    findings.protected_senders.from_fields = 1;
    findings.protected_senders.from = std::move(inside);
  }
  return findings;
}

// The Date field lies so many seconds behind the time of signing.
SignatureFindings dated(std::int64_t seconds) {
  SignatureFindings findings = found({layer({good()})});
  findings.layers[0].signers[0].given_time = 1'800'000'000;
  findings.senders.dates.earliest = findings.senders.dates.latest = 1'800'000'000 + seconds;
  return findings;
}

SignerCheck of_nobody() {
  SignerCheck check = good();
  check.name = check.signer.subject = "CN=Mail Gateway,O=Example";
  check.signer.sha256 = std::string(64, 'a');
  check.addresses = {};
  return check;
}

const Cover whole{true, false, 0};
const Cover part{false, false, 0};
const Cover inside{true, false, 1};

constexpr const char *verified = "signed/verified";
constexpr const char *failed = "signed/failed";
constexpr const char *is_signed = "signed";

struct Case {
  const char *name;
  SignatureFindings findings;
  const char *status;
  const char *codes;
  // Without a trust store.
  const char *untrusted;
};

std::vector<Case> cases() {
  return {
      {"good", found({layer({good()})}), verified, "", is_signed},
      {"two good signers", found({layer({good(), good()})}), verified, "", is_signed},
      {"two good layers", found({layer({good()}), layer({good()})}), verified, "", is_signed},
      {"no signer", found({layer({})}), is_signed, "", is_signed},
      {"does not hold, without a word", found({layer({[] {
         SignerCheck check = good();
         check.holds = false;
         return check;
       }()})}),
       is_signed, "", is_signed},
      {"digest", found({layer({with("digest-mismatch", false)})}), failed, "digest-mismatch",
       failed},
      {"signature", found({layer({with("signature-invalid", false)})}), failed, "signature-invalid",
       failed},
      {"an unknown code", found({layer({with("new-code")})}), failed, "new-code", is_signed},
      {"untrusted root", found({layer({with("untrusted-root")})}), failed, "untrusted-root",
       is_signed},
      {"revoked", found({layer({with("revoked")})}), failed, "revoked", is_signed},
      {"a note", found({layer({with("certificate-expired-now")})}), verified,
       "certificate-expired-now", is_signed},
      {"no CRL", found({layer({with("crl-unavailable")})}), verified, "crl-unavailable", is_signed},
      {"not computed", found({layer({with("digest-not-computed", false)})}), is_signed,
       "digest-not-computed", is_signed},
      {"one of two fails", found({layer({good(), with("revoked")})}), failed,
       "revoked signers-contradict", is_signed},
      {"one of two does not hold", found({layer({good(), with("digest-mismatch", false)})}), failed,
       "digest-mismatch signers-contradict", failed},
      {"part", found({layer({good()}, part)}), is_signed, "partial-cover", is_signed},
      {"a part that fails", found({layer({with("digest-mismatch", false)}, part)}), is_signed,
       "digest-mismatch partial-cover", is_signed},
      {"a part of another", found({layer({good(bob)}, part)}), is_signed, "partial-cover",
       is_signed},
      {"whole, and a part that fails",
       found({layer({good()}), layer({with("digest-mismatch", false)}, part)}), verified,
       "digest-mismatch", is_signed},
      {"another", found({layer({good(bob)})}), failed, "address-mismatch", is_signed},
      {"no subject", found({layer({without_subject(alice)})}), verified, "", is_signed},
      {"another without a subject", found({layer({without_subject(bob)})}), failed,
       "address-mismatch", is_signed},
      {"no certificate", found({layer({without_certificate()})}), failed, "certificate-missing",
       is_signed},
      {"another in one layer", found({layer({good(), good(bob)})}), failed,
       "address-mismatch signers-contradict", is_signed},
      {"another inside", found({layer({good()}), layer({good(bob)})}), is_signed, "nested-signers",
       is_signed},
      {"From in capitals", from({"ALICE@EXAMPLE.ORG"}), verified, "", is_signed},
      {"From of another", from({bob}), failed, "address-mismatch", is_signed},
      {"no From", from({}), is_signed, "odd-address", is_signed},
      {"two authors", from({alice, bob}), failed, "address-mismatch several-authors", is_signed},
      {"two authors, one signer of both", both_authors(), is_signed, "several-authors", is_signed},
      {"Sender", from({alice}, {alice}), verified, "", is_signed},
      {"other Sender", from({alice}, {bob}), verified, "sender-differs", is_signed},
      {"Sender alone", from({bob}, {alice}), is_signed, "only-sender-matches", is_signed},
      {"neither", from({bob}, {bob}), failed, "address-mismatch", is_signed},
      {"nobody's certificate", found({layer({of_nobody()})}), is_signed,
       "no-address-in-certificate", is_signed},
      {"nobody's certificate around another's", found({layer({good()}), layer({of_nobody()})}),
       is_signed, "nested-signers", is_signed},
      {"another around it that does not hold",
       found({layer({with("digest-mismatch", false)}), layer({good()})}), failed, "digest-mismatch",
       failed},
      {"two From fields", odd("", "", 2, true), failed, "several-from", is_signed},
      {"the same From twice", odd("", "", 2), verified, "repeated-from", is_signed},
      {"From of a list", of_list(alice, alice), is_signed, "from-of-list", is_signed},
      {"From of a list that names another", of_list(bob, alice), failed, "address-mismatch",
       is_signed},
      {"From of a list, the signed one is the signer's", of_list(alice, alice, {alice}), is_signed,
       "from-of-list", is_signed},
      {"From of a list, the signed one is another's", of_list(alice, alice, {bob}), failed,
       "address-mismatch header-mismatch", is_signed},
      {"From of a list, both are named", of_list(alice + ", " + bob, alice, {bob}), failed,
       "address-mismatch", is_signed},
      {"From of a list, tampered", of_list(alice, alice, {}, "digest-mismatch"), failed,
       "digest-mismatch from-of-list", failed},
      {"Date near", dated(7 * 86400), verified, "", is_signed},
      {"Date later", dated(7 * 86400 + 1), verified, "date-differs", is_signed},
      {"Date earlier", dated(-7 * 86400 - 1), verified, "date-differs", is_signed},
      {"odd", odd("it is not written well", ""), is_signed, "odd-address", is_signed},
      {"misleading", misleading(), failed, "misleading-address", is_signed},
      {"charset", odd_charset(), verified, "odd-charset", is_signed},
      {"address in the name", odd("", bob), is_signed, "address-in-name", is_signed},
      {"protected From agrees", protecting(inner(1, {alice})), verified, "", is_signed},
      {"protected From differs", protecting(inner(1, {bob})), failed, "header-mismatch", is_signed},
      {"protected From twice", protecting(inner(2, {alice})), verified, "", is_signed},
      {"two protected From fields", protecting(contradicting(inner(2, {alice}))), failed,
       "header-mismatch", is_signed},
      {"protected From of two", protecting(inner(1, {alice, bob})), failed, "header-mismatch",
       is_signed},
      {"protected From is odd", protecting(inner(1, {alice}, 0, {}, "x")), is_signed, "odd-address",
       is_signed},
      {"protected Sender alone", protecting(inner(0, {}, 1, {alice})), failed, "header-mismatch",
       is_signed},
      {"encrypted", found({layer({good()}, inside)}), "encrypted+signed/verified", "", is_signed},
      {"encrypted, fails", found({layer({with("digest-mismatch", false)}, inside)}),
       "encrypted+signed/failed", "digest-mismatch", "encrypted+signed/failed"},
      {"around the encryption alone", outside(found({layer({good()})}), 0), is_signed,
       "signature-outside-encryption", is_signed},
      {"around and inside", outside(found({layer({good()}), layer({good()}, inside)}), 0),
       "encrypted+signed/verified", "signature-outside-encryption", is_signed},
      {"around by another", outside(found({layer({good(bob)}), layer({good()}, inside)}), 0),
       "encrypted+signed/verified", "address-mismatch signature-outside-encryption", is_signed},
      {"between two encryptions", outside(found({layer({good()}, inside)}), 1), is_signed,
       "signature-outside-encryption", is_signed},
      {"ambiguous", saying(found({layer({good()})}), "ambiguous-structure"), is_signed,
       "ambiguous-structure", is_signed},
      {"ambiguous, fails",
       saying(found({layer({with("digest-mismatch", false)})}), "ambiguous-structure"), failed,
       "ambiguous-structure digest-mismatch", failed},
      {"spliced", saying(found({layer({good()})}), "spliced-encryption"), is_signed,
       "spliced-encryption", is_signed},
      {"too many layers", saying(found({layer({good()})}), "too-many-layers"), is_signed,
       "too-many-layers", is_signed},
      {"content of its own",
       found({layer({good()}, whole, {{"detached-with-content", "1", "Something.", ""}})}), failed,
       "detached-with-content", is_signed},
      {"no layer", found({}), "unknown", "", "unknown"},
  };
}

std::string codes_of(const Report &report) {
  std::set<std::string> codes;
  for (const ReportError &error : report.signature_errors)
    codes.insert(error.code);
  std::string text;
  for (const std::string &code : codes)
    text += (text.empty() ? "" : " ") + code;
  return text;
}

} // namespace

TEST_GROUP(Judgement) {
  std::string error;
  std::unique_ptr<TrustStore> store;

  void setup() override {
    store = TrustStore::open("/proc/self/fdinfo/..", error);
    CHECK_TEXT(store != nullptr, error.c_str());
  }
  Report judged(SignatureFindings findings, TrustConfig config = {}, bool trust = true) {
    Report report;
    Verifier verifier;
    verifier.store = trust ? store.get() : nullptr;
    verifier.config = std::move(config);
    judge(std::move(findings), verifier, report);
    return report;
  }
};

TEST(Judgement, Status) {
  for (Case &one : cases()) {
    Report report = judged(one.findings);
    STRCMP_EQUAL_TEXT(one.status, std::string(name_of(report.signature)).c_str(), one.name);
    STRCMP_EQUAL_TEXT(one.codes, codes_of(report).c_str(), one.name);
    Report untrusted = judged(std::move(one.findings), {}, false);
    STRCMP_EQUAL_TEXT(one.untrusted, std::string(name_of(untrusted.signature)).c_str(), one.name);
  }
}

TEST(Judgement, CertificatesGoAlongOnlyWithVerified) {
  STRCMP_EQUAL("AAAA", judged(found({layer({good()})})).signers[0].certificate.c_str());
  STRCMP_EQUAL("", judged(found({layer({good(bob)})})).signers[0].certificate.c_str());
  STRCMP_EQUAL("", judged(found({layer({good()}, part)})).signers[0].certificate.c_str());
  STRCMP_EQUAL("", judged(found({layer({good()})}), {}, false).signers[0].certificate.c_str());
  Report both = judged(found({layer({good()}), layer({good(bob)}, part)}));
  STRCMP_EQUAL("AAAA", both.signers[0].certificate.c_str());
  STRCMP_EQUAL("", both.signers[1].certificate.c_str());
}

TEST(Judgement, Settings) {
  TrustConfig strict;
  strict.crl_policy = CrlPolicy::require;
  strict.min_strength = MinStrength::strong;
  for (const char *code : {"crl-unavailable", "crl-stale", "crl-wrong-issuer", "weak-algorithm"}) {
    STRCMP_EQUAL(verified,
                 std::string(name_of(judged(found({layer({with(code)})})).signature)).c_str());
    STRCMP_EQUAL(
        is_signed,
        std::string(name_of(judged(found({layer({with(code)})}), strict).signature)).c_str());
  }
}

TEST(Judgement, Seals) {
  auto status = [&](const char *domain, std::string certificate, SignatureFindings findings) {
    TrustConfig config;
    config.seals = {{domain, std::move(certificate)}};
    Report report = judged(std::move(findings), config);
    return std::string(name_of(report.signature)) + " " + codes_of(report);
  };
  SignatureFindings sealed = found({layer({of_nobody()})});
  for (const std::string &certificate :
       {std::string(64, 'a'), std::string("CN=Mail Gateway,O=Example")})
    STRCMP_EQUAL("signed/verified signed-for-domain",
                 status("example.org", certificate, sealed).c_str());
  STRCMP_EQUAL("signed no-address-in-certificate",
               status("example.net", std::string(64, 'a'), sealed).c_str());
  STRCMP_EQUAL("signed no-address-in-certificate",
               status("example.org", std::string(64, 'b'), sealed).c_str());
  // A seal stands for certificates that name nobody, and for signatures that hold.
  SignatureFindings other = found({layer({good(bob)})});
  other.layers[0].signers[0].signer.sha256 = std::string(64, 'a');
  STRCMP_EQUAL("signed/failed address-mismatch",
               status("example.org", std::string(64, 'a'), other).c_str());
  SignerCheck broken = of_nobody();
  broken.holds = false;
  broken.errors = {{"digest-mismatch", "1", "Something.", "Something."}};
  STRCMP_EQUAL("signed/failed digest-mismatch signed-for-domain",
               status("example.org", std::string(64, 'a'), found({layer({broken})})).c_str());
}

TEST(Judgement, NamedForOthers) {
  for (const auto &[pattern, expected] : {std::pair{"alice@example.org", verified},
                                          {"*@example.org", verified},
                                          {"*@EXAMPLE.org", verified},
                                          {"alice@*", verified},
                                          {"*", verified},
                                          {"bob@example.org", is_signed},
                                          {"*@example.net", is_signed},
                                          {"alice", is_signed}}) {
    TrustConfig config;
    config.named_for_others = {pattern};
    STRCMP_EQUAL_TEXT(
        expected, std::string(name_of(judged(odd("", bob), config).signature)).c_str(), pattern);
  }
}

// The mathematics alone fail a message whatever else was found.
TEST(Judgement, WhatDoesNotHoldIsNeverLess) {
  for (const char *code : {"digest-mismatch", "signature-invalid", "content-type-mismatch"}) {
    for (const char *beside : {"ambiguous-structure", "type-mismatch", "spliced-encryption",
                               "too-many-layers", "too-many-signers"}) {
      for (bool trust : {true, false})
        STRCMP_EQUAL(failed,
                     std::string(name_of(judged(saying(found({layer({with(code, false)})}), beside),
                                                {}, trust)
                                             .signature))
                         .c_str());
    }
  }
}

TEST(Judgement, ListsAreBounded) {
  std::vector<LayerSignature> layers;
  for (int i = 0; i < 100; i++) {
    layers.push_back(layer({good(), good()}));
    for (int j = 0; j < 50; j++)
      layers.back().errors.push_back({"note-" + std::to_string(i * 50 + j), "1", "Something.", ""});
  }
  Report report = judged(found(std::move(layers)));
  CHECK(report.signers.size() <= Report::max_signers);
  CHECK(report.signature_errors.size() <= Report::max_signature_errors);
  CHECK(report.dropped > 0);
}
