#include "scanner/verify/chain.h"
#include "scanner/verify/known-chains.h"

#include "scanner/x509/certificate-cache.h"
#include "scanner/x509/certificates.h"
#include "tests/unit/test-ca.h"

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

// A certificate of about that many bytes of DER.
CertificatePtr large(const Ca &ca, std::size_t size) {
  std::string name(60, 'x');
  CertificatePtr made(X509_dup(ca.certificate));
  for (std::size_t i = 0; i < size / 70; i++)
    X509_NAME_add_entry_by_txt(X509_get_subject_name(made.get()), "OU", MBSTRING_UTF8,
                               reinterpret_cast<const unsigned char *>(name.c_str()), -1, -1, 0);
  i2d_re_X509_tbs(made.get(), nullptr);
  return made;
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
    return {this, person.certificate, others, revocation, now};
  }
};

TEST(KnownChains, NothingIsReachedInAPeriod) {
  std::vector<std::int64_t> times{50, 10, 30, 30, 0};
  auto check = [&](std::int64_t now, std::int64_t from, std::int64_t until) {
    SamePeriod period = period_around(now, times);
    CHECK(period.from == from && period.until == until);
  };
  check(29, 11, 30);
  check(30, 30, 31);
  check(31, 31, 50);
  check(49, 31, 50);
  check(51, 51, std::numeric_limits<std::int64_t>::max());
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
  KnownChains::Question of_another_set = question(with.get());
  of_another_set.set = &of_another_set;
  CHECK(known.find(of_another_set) == nullptr);
  for (std::int64_t now : {899, 900, 1100, 100000})
    CHECK(known.find(question(with.get(), true, now)) == nullptr);
  for (std::int64_t now : {901, 1099})
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
    // It may be where another one was that is gone.
    CHECK(known.find(one) == nullptr);
    known.keep(one, chain.get(), {});
    CHECK(known.find(one) != nullptr);
    CHECK(known.size() <= KnownChains::max_chains);
  }
}

TEST(KnownChains, AllTogetherAreBounded) {
  CertificatePtr seven = large(root, 7000);
  auto size = static_cast<std::size_t>(i2d_X509(seven.get(), nullptr));
  CHECK(size > 6000 && size < CertificateCache::max_size);
  for (int i = 0; i < 100; i++) {
    known.keep(question(list({seven.get()}).get(), true, i), chain.get(), {i, i + 1});
    CHECK(known.size() > 0 && known.size() * size <= KnownChains::max_total_size);
  }
}

TEST(KnownChains, WhatIsLargeIsNotKept) {
  KnownChains other;
  CertificateStackPtr many = list({});
  for (int i = 0; i <= KnownChains::max_certificates; i++) {
    X509_up_ref(root.certificate);
    sk_X509_push(many.get(), root.certificate);
  }
  other.keep(question(many.get()), chain.get(), {});
  CertificatePtr nine = large(root, 9000);
  other.keep(question(list({nine.get()}).get()), chain.get(), {});
  CertificatePtr six = large(root, 6000);
  other.keep(question(list({six.get(), six.get(), six.get()}).get()), chain.get(), {});
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
  struct Asked {
    std::int64_t now;
    std::optional<std::int64_t> signing_time = std::nullopt;
    CrlPolicy policy = CrlPolicy::soft;
    const char *domain = "";
    STACK_OF(X509_CRL) *crls = nullptr;
    bool holds = true;
  };
  std::string ask(TrustStore & store, const Asked &asked) {
    ChainQuestion question;
    question.certificate = person.certificate;
    question.certificates = sent.get();
    question.crls = asked.crls;
    question.signing_time = asked.signing_time;
    question.now = question.arrival = asked.now;
    question.holds = asked.holds;
    TrustConfig config;
    config.crl_policy = asked.policy;
    config.signing_delay = 400 * day; // so that the time of signing counts
    std::string text;
    for (const ReportError &error :
         check_chain(question, store.for_domain(asked.domain), store.known_chains(), config))
      text += error.code + ": " + error.text + "\n";
    return text;
  }

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
            Asked asked{now, signing_time, policy};
            std::string expected = ask(*opened(), asked);
            STRCMP_EQUAL(expected.c_str(), ask(*warm, asked).c_str());
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
  KnownChains &known = store->known_chains();
  STRCMP_EQUAL("", ask(*store, {present, present, CrlPolicy::require}).c_str());
  LONGS_EQUAL(1, known.size());
  STRCMP_EQUAL("", ask(*store, {present + 1, present - day}).c_str());
  LONGS_EQUAL(1, known.size());
  // Signed before there was such a certificate: told, whatever is kept.
  STRCMP_CONTAINS("certificate-not-yet-valid", ask(*store, {present, present - 200 * day}).c_str());
  STRCMP_EQUAL("", ask(*store, {present, present, CrlPolicy::off}).c_str());
  LONGS_EQUAL(2, known.size());
}

TEST(KnownChainsOfAStore, WhatIsNotRightIsNotKept) {
  auto store = opened();
  STRCMP_CONTAINS("crl-unavailable", ask(*store, {present}).c_str());
  write(directory / "crls.pem", crl_of(root, {-50, 40}) + crl_of(below, {-50, 20}, false, &person));
  auto revoking = opened();
  STRCMP_CONTAINS("revoked", ask(*revoking, {present}).c_str());
  sent = list({person.certificate});
  STRCMP_CONTAINS("issuer-missing", ask(*revoking, {present}).c_str());
  LONGS_EQUAL(0, store->known_chains().size() + revoking->known_chains().size());
}

// Anyone can send anyone's certificate.
TEST(KnownChainsOfAStore, WithoutASignatureNothingIsKept) {
  write(directory / "crls.pem", crl_of(root, {-50, 40}) + crl_of(below, {-50, 20}));
  auto store = opened();
  Asked asked{present};
  asked.holds = false;
  STRCMP_EQUAL("", ask(*store, asked).c_str());
  LONGS_EQUAL(0, store->known_chains().size());
}

// OpenSSL looks at the one that is in date.
TEST(KnownChainsOfAStore, AHiddenCrlRevokes) {
  write(directory / "crls.pem", crl_of(root, {-50, 40}) + crl_of(below, {-50, 20}) +
                                    crl_of(below, {-10, -5}, false, &person));
  auto store = opened();
  for (int round = 0; round < 2; round++)
    STRCMP_CONTAINS("revoked", ask(*store, {present}).c_str());
  LONGS_EQUAL(0, store->known_chains().size());
}

TEST(KnownChainsOfAStore, ACrlThatCameWithAMessageCounts) {
  write(directory / "crls.pem", crl_of(root, {-50, 40}) + crl_of(below, {-50, 20}));
  std::string text = crl_of(below, {-20, 20}, true, &person);
  const auto *at = reinterpret_cast<const unsigned char *>(text.data());
  CrlStackPtr crls(sk_X509_CRL_new_null());
  sk_X509_CRL_push(crls.get(), d2i_X509_CRL(nullptr, &at, static_cast<long>(text.size())));
  auto store = opened();
  STRCMP_EQUAL("", ask(*store, {present}).c_str());
  Asked asked{present};
  asked.crls = crls.get();
  STRCMP_CONTAINS("revoked", ask(*store, asked).c_str());
}

TEST(KnownChainsOfAStore, WhatCountsForADomainCountsForNoOther) {
  fs::remove(directory / "root.pem");
  write(directory / "example.org/root.pem",
        pem(root) + crl_of(root, {-50, 40}) + crl_of(below, {-50, 20}));
  write(directory / "example.com/other.pem", pem(make("Other")));
  auto store = opened();
  Asked asked{present};
  for (int round = 0; round < 2; round++) {
    asked.domain = "example.org";
    STRCMP_EQUAL("", ask(*store, asked).c_str());
    for (const char *other : {"", "example.com"}) {
      asked.domain = other;
      CHECK(!ask(*store, asked).empty());
    }
  }
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
  write(directory / "crls.pem",
        crl_of(root, {-50, 40}) + crl_of(below, {-50, 20}) + crl_of(below, {10, 30}));
  compare({present, present + 10 * day, present + 20 * day, present + 30 * day});
}

// Every certificate has an end of its own that matters, of what came with the message
// and of what is in the store.
TEST(KnownChainsOfAStore, WhoeverEndsFirst) {
  std::vector<std::int64_t> times{present, present + 10 * day, present + 20 * day,
                                  present + 30 * day};
  for (auto [root_days, below_days, person_days] :
       {std::array{10L, 20L, 30L}, std::array{30L, 10L, 20L}, std::array{20L, 30L, 10L}}) {
    root = make("Root", nullptr, true, root_days);
    below = make("Below", &root, true, below_days);
    person = make("Person", &below, false, person_days);
    present = seconds_of(X509_get0_notBefore(root.certificate)) + 100 * day;
    write(directory / "root.pem", pem(root));
    write(directory / "below.pem", pem(below));
    sent = list({person.certificate});
    compare(times);
    fs::remove(directory / "below.pem");
    sent = list({person.certificate, below.certificate});
    compare(times);
  }
}

// And a beginning.
TEST(KnownChainsOfAStore, WhoeverBeginsLast) {
  std::vector<std::int64_t> times{present - 30 * day, present - 20 * day, present - 10 * day};
  for (auto [root_ago, below_ago, person_ago] :
       {std::array{10L, 20L, 30L}, std::array{30L, 10L, 20L}, std::array{20L, 30L, 10L}}) {
    root = make("Root", nullptr, true, 300, root_ago);
    below = make("Below", &root, true, 300, below_ago);
    person = make("Person", &below, false, 300, person_ago);
    write(directory / "root.pem", pem(root));
    write(directory / "below.pem", pem(below));
    sent = list({person.certificate});
    compare(times);
    sent = list({person.certificate, below.certificate});
    compare(times);
  }
}
