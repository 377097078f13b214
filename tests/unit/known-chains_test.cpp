#include "chain.h"
#include "known-chains.h"

#include "certificates.h"
#include "test-ca.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <limits>
#include <unistd.h>

#include <CppUTest/TestHarness.h>

using namespace smime;
namespace fs = std::filesystem;

namespace {

constexpr std::int64_t day = 86400;

CertificateStackPtr list(std::initializer_list<X509 *> certificates) {
  CertificateStackPtr stack(sk_X509_new_null());
  for (X509 *certificate : certificates) {
    X509_up_ref(certificate);
    sk_X509_push(stack.get(), certificate);
  }
  return stack;
}

} // namespace

TEST_GROUP(KnownChains) {
  KnownChains known;
  Ca root = make("Root");
  Ca person = make("Person", &root, false);
  CertificateStackPtr chain = list({person.certificate, root.certificate});
  CertificateStackPtr with = list({person.certificate, root.certificate});

  KnownChains::Question question(STACK_OF(X509) * others, bool revocation = true,
                                 std::int64_t now = 1000) {
    return {person.certificate, others, revocation, now};
  }
};

TEST(KnownChains, NothingIsReachedInAPeriod) {
  std::vector<std::int64_t> times{50, 10, 30, 30, 0};
  auto check = [&](std::int64_t now, std::int64_t from, std::int64_t until) {
    SamePeriod period = period_around(now, times);
    CHECK(period.from == from && period.until == until);
  };
  check(29, 10, 30);
  check(30, 30, 50);
  check(31, 30, 50);
  check(49, 30, 50);
  check(50, 50, std::numeric_limits<std::int64_t>::max());
  check(-1, std::numeric_limits<std::int64_t>::min(), 0);
}

TEST(KnownChains, TheSameQuestionHasTheSameAnswer) {
  CHECK(known.find(question(with.get())) == nullptr);
  known.keep(question(with.get()), chain.get(), {900, 1100});
  CertificateStackPtr found = known.find(question(with.get()));
  CHECK(found != nullptr);
  LONGS_EQUAL(2, sk_X509_num(found.get()));
  POINTERS_EQUAL(root.certificate, sk_X509_value(found.get(), 1));
  CHECK(known.find(question(list({person.certificate, root.certificate}).get())) != nullptr);
}

TEST(KnownChains, AnotherQuestionHasNone) {
  known.keep(question(with.get()), chain.get(), {900, 1100});
  CHECK(known.find(question(nullptr)) == nullptr);
  CHECK(known.find(question(list({person.certificate}).get())) == nullptr);
  CHECK(known.find(question(list({root.certificate, person.certificate}).get())) == nullptr);
  CHECK(known.find(question(with.get(), false)) == nullptr);
  for (std::int64_t now : {899, 1100, 100000})
    CHECK(known.find(question(with.get(), true, now)) == nullptr);
  for (std::int64_t now : {900, 1099})
    CHECK(known.find(question(with.get(), true, now)) != nullptr);
  // The same bytes in another object.
  CertificatePtr copy(X509_dup(person.certificate));
  KnownChains::Question other = question(with.get());
  other.certificate = copy.get();
  CHECK(known.find(other) == nullptr);
}

TEST(KnownChains, IsBounded) {
  for (std::size_t i = 0; i < 3 * KnownChains::max_chains; i++) {
    CertificatePtr copy(X509_dup(person.certificate));
    KnownChains::Question one = question(nullptr);
    one.certificate = copy.get();
    known.keep(one, chain.get(), {});
    CHECK(known.find(one) != nullptr);
    CHECK(known.size() <= KnownChains::max_chains);
  }
  KnownChains other;
  CertificateStackPtr many = list({});
  for (int i = 0; i <= KnownChains::max_certificates; i++) {
    X509_up_ref(root.certificate);
    sk_X509_push(many.get(), root.certificate);
  }
  other.keep(question(many.get()), chain.get(), {});
  std::string long_name(60, 'x');
  CertificatePtr large(X509_dup(root.certificate));
  for (int i = 0; i < KnownChains::max_size / 60; i++)
    X509_NAME_add_entry_by_txt(X509_get_subject_name(large.get()), "OU", MBSTRING_UTF8,
                               reinterpret_cast<const unsigned char *>(long_name.c_str()), -1, -1, 0);
  i2d_re_X509_tbs(large.get(), nullptr);
  other.keep(question(list({large.get()}).get()), chain.get(), {});
  LONGS_EQUAL(0, other.size());
}

// A store that was asked before says the same as one that was not, whatever was
// asked.
TEST_GROUP(KnownChainsOfAStore) {
  fs::path directory;
  std::int64_t present = 0;
  Ca root = make("Root", nullptr, true, 300);
  Ca below = make("Below", &root, true, 60);
  Ca person = make("Person", &below, false, 45);
  CertificateStackPtr sent = list({person.certificate, below.certificate});

  void setup() override {
    std::string name = (fs::temp_directory_path() / "chains-XXXXXX").string();
    CHECK(mkdtemp(name.data()) != nullptr);
    directory = name;
    write(directory / "root.pem", pem(root));
    present = seconds_of(X509_get0_notBefore(root.certificate)) + 100 * day;
  }
  void teardown() override { fs::remove_all(directory); }

  std::unique_ptr<TrustStore> opened() {
    std::string error;
    auto store = TrustStore::open(directory.string(), error);
    CHECK_TEXT(store != nullptr, error.c_str());
    return store;
  }
  std::string ask(TrustStore &store, std::int64_t now, std::optional<std::int64_t> signing_time,
                  CrlPolicy policy) {
    ChainQuestion question;
    question.certificate = person.certificate;
    question.certificates = sent.get();
    question.signing_time = signing_time;
    question.now = now;
    TrustConfig config;
    config.crl_policy = policy;
    std::string text;
    for (const ReportError &error : check_chain(question, store.for_domain(""), config))
      text += error.code + ": " + error.text + "\n";
    return text;
  }
  std::size_t kept(TrustStore &store) { return store.for_domain("").known.size(); }

  // Every second around which one of times lies, there and back.
  void compare(const std::vector<std::int64_t> &times) {
    auto warm = opened();
    std::vector<std::int64_t> moments;
    for (std::int64_t time : times)
      moments.insert(moments.end(), {time - 1, time, time + 1, time + day / 2});
    std::sort(moments.begin(), moments.end());
    for (int round = 0; round < 2; round++) {
      for (std::int64_t now : moments) {
        for (CrlPolicy policy : {CrlPolicy::soft, CrlPolicy::off}) {
          for (auto signing_time : {std::optional<std::int64_t>(), std::optional(now),
                                    std::optional(present), std::optional(now - 90 * day)}) {
            std::string expected = ask(*opened(), now, signing_time, policy);
            STRCMP_EQUAL(expected.c_str(), ask(*warm, now, signing_time, policy).c_str());
          }
        }
      }
      std::reverse(moments.begin(), moments.end());
    }
  }
};

TEST(KnownChainsOfAStore, WhatIsRightIsKept) {
  write(directory / "crls.pem", crl_of(root, {-50, 40}) + crl_of(below, {-50, 20}));
  auto store = opened();
  STRCMP_EQUAL("", ask(*store, present, present, CrlPolicy::require).c_str());
  LONGS_EQUAL(1, kept(*store));
  STRCMP_EQUAL("", ask(*store, present + 1, present - day, CrlPolicy::soft).c_str());
  LONGS_EQUAL(1, kept(*store));
  // Signed before there was such a certificate: told, whatever is kept.
  STRCMP_CONTAINS("certificate-not-yet-valid",
                  ask(*store, present, present - 200 * day, CrlPolicy::soft).c_str());
  STRCMP_EQUAL("", ask(*store, present, present, CrlPolicy::off).c_str());
  LONGS_EQUAL(2, kept(*store));
}

TEST(KnownChainsOfAStore, WhatIsNotRightIsNotKept) {
  auto store = opened();
  STRCMP_CONTAINS("crl-unavailable", ask(*store, present, present, CrlPolicy::soft).c_str());
  write(directory / "crls.pem",
        crl_of(root, {-50, 40}) + crl_of(below, {-50, 20}, false, &person));
  auto revoking = opened();
  STRCMP_CONTAINS("revoked", ask(*revoking, present, present, CrlPolicy::soft).c_str());
  sent = list({person.certificate});
  STRCMP_CONTAINS("issuer-missing", ask(*revoking, present, present, CrlPolicy::soft).c_str());
  LONGS_EQUAL(0, kept(*store) + kept(*revoking));
}

TEST(KnownChainsOfAStore, TimeTellsTheSame) {
  write(directory / "crls.pem", crl_of(root, {-50, 40}) + crl_of(below, {-50, 20}));
  auto end = [](const Ca &ca) { return seconds_of(X509_get0_notAfter(ca.certificate)); };
  std::vector<std::int64_t> times{present - 100 * day, present, end(person), end(below), end(root)};
  auto store = opened();
  for (const TrustEntry &entry : store->entries())
    times.insert(times.end(), {entry.not_before, entry.not_after});
  compare(times);
}

// One that is there before it is valid.
TEST(KnownChainsOfAStore, ACrlOfTheFuture) {
  write(directory / "crls.pem", crl_of(root, {-50, 40}) + crl_of(below, {-50, 20}) +
                                    crl_of(below, {10, 30}));
  compare({present, present + 10 * day, present + 20 * day, present + 30 * day});
}

TEST(KnownChainsOfAStore, AnIntermediateOfTheStore) {
  write(directory / "below.pem", pem(below) + crl_of(root, {-50, 40}) + crl_of(below, {-50, 80}));
  sent = list({person.certificate});
  compare({present, present + 40 * day, present + 45 * day, present + 60 * day});
}
