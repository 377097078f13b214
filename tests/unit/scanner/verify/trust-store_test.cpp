#include "scanner/verify/trust-store.h"

#include "scanner/base/scan-limits.h"
#include "tests/unit/test-ca.h"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <openssl/pem.h>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>

#include <CppUTest/TestHarness.h>

using namespace smime;
namespace fs = std::filesystem;

namespace {

std::string private_pem(const Ca &ca) {
  BIO *bio = BIO_new(BIO_s_mem());
  PEM_write_bio_PrivateKey(bio, ca.key, nullptr, nullptr, 0, nullptr, nullptr);
  return text_of(bio);
}

Bytes bytes(const std::string &text) {
  return {reinterpret_cast<const unsigned char *>(text.data()), text.size()};
}

} // namespace

TEST_GROUP(TrustStore) {
  fs::path directory;
  std::string error;
  Ca root = make("Root");
  Ca below = make("Below", &root);

  void setup() override {
    std::string name = (fs::temp_directory_path() / "trust-XXXXXX").string();
    CHECK(mkdtemp(name.data()) != nullptr);
    directory = name;
  }
  void teardown() override { fs::remove_all(directory); }

  std::unique_ptr<TrustStore> opened() {
    auto store = TrustStore::open(directory.string(), error);
    CHECK_TEXT(store != nullptr, error.c_str());
    return store;
  }
  const TrustEntry &entry(const TrustStore &store, const std::string &file) {
    auto found = std::find_if(store.entries().begin(), store.entries().end(),
                              [&](const TrustEntry &one) { return one.file == file; });
    CHECK_TEXT(found != store.entries().end(), file.c_str());
    return *found;
  }
  void problem(const TrustStore &store, const std::string &file, const char *code) {
    const TrustEntry &one = entry(store, file);
    bool found = std::any_of(one.problems.begin(), one.problems.end(),
                             [&](const ReportError &p) { return p.code == code; });
    CHECK_TEXT(*code == '\0' ? one.problems.empty() : found, (file + " " + code).c_str());
  }
};

TEST(TrustStore, NoDirectory) {
  CHECK(TrustStore::open((directory / "none").string(), error) == nullptr);
  STRCMP_CONTAINS("trust_dir: ", error.c_str());
  write(directory / "file", "x");
  CHECK(TrustStore::open((directory / "file").string(), error) == nullptr);
}

TEST(TrustStore, Kinds) {
  Ca person = make("Person", &below, false);
  Ca lonely = make("Lonely", &person, true);
  Ca expired = make("Expired", nullptr, true, -3);
  write(directory / "root.pem", pem(root));
  write(directory / "below.der", der(below));
  write(directory / "person.pem", pem(person));
  write(directory / "expired.pem", pem(expired));
  write(directory / "root.crl", crl_of(root, {-50, 3}));
  write(directory / "below.crl", crl_of(below, {-50, -3}, true));
  write(directory / "lonely.crl", crl_of(lonely, {-50, 3}));
  write(directory / ".hidden", "x");
  auto store = opened();
  LONGS_EQUAL(0, store->problems().size());
  LONGS_EQUAL(2, store->anchor_count());
  CHECK(entry(*store, "root.pem").kind == TrustKind::anchor);
  CHECK(entry(*store, "below.der").kind == TrustKind::intermediate);
  CHECK(entry(*store, "person.pem").kind == TrustKind::other);
  CHECK(entry(*store, "root.crl").kind == TrustKind::crl);
  problem(*store, "root.pem", "");
  problem(*store, "below.der", "");
  problem(*store, "root.crl", "");
  problem(*store, "person.pem", "not-a-ca");
  problem(*store, "expired.pem", "certificate-expired");
  problem(*store, "below.crl", "crl-stale");
  problem(*store, "lonely.crl", "crl-wrong-issuer");
  const TrustSet &set = store->for_domain("example.org");
  LONGS_EQUAL(2, sk_X509_num(set.intermediates.get()));
  LONGS_EQUAL(3, sk_X509_CRL_num(set.crls.get()));
}

TEST(TrustStore, Namesakes) {
  Ca other = make("Root");
  Ca lower = make("Below", &other);
  Ca person = make("Root", &root, false);
  write(directory / "root.pem", pem(root));
  write(directory / "again.pem", pem(root));
  write(directory / "person.pem", pem(person));
  write(directory / "below.pem", pem(below));
  write(directory / "a.example/lower.pem", pem(lower));
  write(directory / "b.example/other.pem", pem(other));
  auto store = opened();
  // For the senders of a domain what is in its folder stands beside the rest.
  for (const char *file :
       {"root.pem", "again.pem", "below.pem", "a.example/lower.pem", "b.example/other.pem"})
    problem(*store, file, "namesake");
  problem(*store, "person.pem", "not-a-ca");
  LONGS_EQUAL(1, entry(*store, "person.pem").problems.size());
  STRCMP_CONTAINS("b.example/other.pem", entry(*store, "root.pem").problems[0].text.c_str());
  fs::remove(directory / "root.pem");
  fs::remove(directory / "again.pem");
  write(directory / "a.example/root.pem", pem(root));
  store = opened();
  problem(*store, "a.example/root.pem", "");
  problem(*store, "b.example/other.pem", "");
}

TEST(TrustStore, BadFiles) {
  struct Bad {
    const char *file;
    std::string content;
    const char *word;
  };
  std::string cut = pem(root);
  cut.resize(cut.size() / 2);
  std::string damaged = pem(root);
  damaged.replace(60, 10, "AAAAAAAAAA");
  for (const Bad &bad :
       {Bad{"empty", "", "neither PEM"},
        {"text", "hello\n", "neither PEM"},
        {"key.pem", pem(root) + private_pem(root), "private key"},
        {"cut.pem", cut, "PEM"},
        {"damaged.pem", damaged, "damaged"},
        {"cut.der", der(root).substr(0, 100), "neither PEM"},
        {"none.pem", "-----BEGIN X-----\nAAAA\n-----END X-----\n", "no certificate"}}) {
    TrustObjects objects;
    CHECK_FALSE_TEXT(parse_trust_file(bytes(bad.content), objects, error), bad.file);
    STRCMP_CONTAINS_TEXT(bad.word, error.c_str(), bad.file);
    error.clear();
    write(directory / bad.file, bad.content);
  }
  write(directory / "good.pem", pem(root));
  auto store = opened();
  LONGS_EQUAL(7, store->problems().size());
  for (const ReportError &one : store->problems()) {
    STRCMP_EQUAL("trust-file-invalid", one.code.c_str());
    CHECK(!one.remedy.empty());
  }
  // What came before the damage in a file, and the other files, count.
  CHECK(entry(*store, "good.pem").kind == TrustKind::anchor);
}

TEST(TrustStore, UnreadableFiles) {
  write(directory / "good.pem", pem(root));
  fs::create_symlink("nowhere", directory / "dangling");
  LONGS_EQUAL(0, mkfifo((directory / "pipe").c_str(), 0600));
  write(directory / "large", std::string(max_trust_file_size + 1, 'x'));
  auto store = opened();
  LONGS_EQUAL(3, store->problems().size());
  for (const ReportError &one : store->problems())
    STRCMP_EQUAL("trust-file-unreadable", one.code.c_str());
  LONGS_EQUAL(1, store->anchor_count());
}

TEST(TrustStore, Bounds) {
  for (std::size_t i = 0; i < max_trust_domains + 2; i++)
    fs::create_directory(directory / ("d" + std::to_string(i) + ".example"));
  fs::create_directories(directory / "d0.example/deeper");
  auto store = opened();
  auto limits = std::count_if(store->problems().begin(), store->problems().end(),
                              [](const ReportError &one) { return one.code == "trust-limit"; });
  LONGS_EQUAL(3, limits);
}

TEST(TrustStore, TooManyFiles) {
  for (std::size_t i = 0; i <= max_trust_files + 1; i++)
    write(directory / ("f" + std::to_string(i)), "");
  write(directory / "a.pem", pem(root));
  auto store = opened();
  LONGS_EQUAL(1, store->anchor_count());
  CHECK(store->problems().size() <= Report::max_list);
}

TEST(TrustStore, Domains) {
  Ca local = make("Local");
  write(directory / "root.pem", pem(root));
  write(directory / "Example.ORG/local.pem", pem(local) + crl_of(local, {-50, 3}));
  write(directory / "example.com/below.pem", pem(below));
  auto store = opened();
  STRCMP_EQUAL("example.org", entry(*store, "Example.ORG/local.pem").domain.c_str());
  auto anchors = [&](const std::string &domain) {
    return sk_X509_OBJECT_num(X509_STORE_get0_objects(store->for_domain(domain).anchors.get()));
  };
  LONGS_EQUAL(2, anchors("example.org"));
  LONGS_EQUAL(1, sk_X509_CRL_num(store->for_domain("example.org").crls.get()));
  for (const char *other : {"", "example.com", "org", "sub.example.org", "example.org.", "..", "/"})
    LONGS_EQUAL_TEXT(1, anchors(other), other);
  LONGS_EQUAL(1, sk_X509_num(store->for_domain("example.com").intermediates.get()));
  LONGS_EQUAL(0, sk_X509_num(store->for_domain("example.org").intermediates.get()));
}

TEST(TrustStore, Changes) {
  struct Change {
    const char *name;
    void (*make)(const fs::path &folder, const std::string &other);
    bool expected;
  };
  static const Change changes[] = {
      {"nothing", [](const fs::path &, const std::string &) {}, false},
      {"added", [](const fs::path &in, const std::string &other) { write(in / "new.pem", other); },
       true},
      {"removed", [](const fs::path &in, const std::string &) { fs::remove(in / "root.pem"); },
       true},
      {"in place",
       [](const fs::path &in, const std::string &other) { write(in / "root.pem", other); }, true},
      {"same size and time",
       [](const fs::path &in, const std::string &) {
         auto time = fs::last_write_time(in / "root.pem");
         std::string same(fs::file_size(in / "root.pem"), 'x');
         write(in / "root.pem", same);
         fs::last_write_time(in / "root.pem", time);
       },
       true},
      {"renamed over",
       [](const fs::path &in, const std::string &other) {
         write(in / ".new", other);
         fs::rename(in / ".new", in / "root.pem");
       },
       true},
      {"in a domain",
       [](const fs::path &in, const std::string &other) {
         write(in / "example.org/local.pem", other);
       },
       true},
      {"new domain",
       [](const fs::path &in, const std::string &) { fs::create_directory(in / "a.example"); },
       true},
      {"rights",
       [](const fs::path &in, const std::string &) {
         fs::permissions(in / "root.pem", fs::perms::owner_read);
       },
       true},
  };
  std::vector<std::unique_ptr<TrustStore>> stores;
  for (const Change &change : changes) {
    write(directory / change.name / "root.pem", pem(root));
    write(directory / change.name / "example.org/local.pem", pem(root));
    stores.push_back(TrustStore::open((directory / change.name).string(), error));
    change.make(directory / change.name, pem(below));
  }
  // A store looks once a second.
  auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(5);
  bool last = false;
  while (!last && std::chrono::steady_clock::now() < deadline) {
    std::this_thread::yield();
    last = stores.back()->changed();
  }
  for (std::size_t i = 0; i < stores.size(); i++)
    CHECK_EQUAL_TEXT(changes[i].expected, stores[i]->changed(), changes[i].name);
}
