#include "plugin/store/certificate-store.h"

#include <CppUTest/TestHarness.h>
#include <cstdlib>
#include <fstream>
#include <sys/stat.h>
#include <unistd.h>

using namespace smime;

TEST_GROUP(CertificateStore) {
  char home[32] = "/tmp/smime-test-XXXXXX";
  std::string folder;
  std::string error;

  void setup() override {
    CHECK(mkdtemp(home) != nullptr);
    folder = certificate_folder(home);
  }
  void teardown() override {
    if (auto kept = kept_certificates(folder, error)) {
      for (const auto &one : *kept)
        (void)unlink(one.file.c_str());
    }
    (void)unlink((folder + "/odd.pem").c_str());
    (void)rmdir(folder.c_str());
    LONGS_EQUAL(0, rmdir(home));
  }
  void keep(const char *address, const char *sha256, const char *signed_at,
            const std::string &der = "AAAA") {
    Signer signer;
    signer.email = {address};
    signer.sha256 = sha256;
    signer.signing_time = signed_at;
    signer.certificate = der;
    CHECK_TEXT(keep_certificate(folder, signer, error), error.c_str());
  }
  std::string kept(const char *address) {
    auto found = kept_certificate(folder, address);
    return found ? found->sha256 : "none";
  }
};

TEST(CertificateStore, TheNewestStays) {
  STRCMP_EQUAL("none", kept("a@example.org").c_str());
  keep("A@Example.org", "one", "2026-01-02T00:00:00Z");
  STRCMP_EQUAL("one", kept("a@example.ORG").c_str());
  keep("a@example.org", "two", "2026-01-03T00:00:00Z");
  STRCMP_EQUAL("two", kept("a@example.org").c_str());
  keep("a@example.org", "old", "2025-01-03T00:00:00Z");
  STRCMP_EQUAL("two", kept("a@example.org").c_str());
  struct stat status {};
  LONGS_EQUAL(0, stat((folder + "/a@example.org.pem").c_str(), &status));
  LONGS_EQUAL(0600, status.st_mode & 07777);
}

TEST(CertificateStore, AnyAddressIsAFile) {
  for (const char *address : {"../../etc/passwd@x", ".@x", "a/b@example.org",
                              "\xc3\xa4@example.org", "o'neil <x>@example.org"}) {
    keep(address, address, "");
    STRCMP_EQUAL(address, kept(address).c_str());
  }
  auto all = kept_certificates(folder, error);
  LONGS_EQUAL(5, all->size());
  for (const auto &one : *all)
    STRCMP_CONTAINS("/sha256-", one.file.c_str());
}

TEST(CertificateStore, WhatIsNoneIsNotKept) {
  keep("a@example.org", "x", "", "");
  keep("a@example.org", "x", "", "AAAA\n-----END CERTIFICATE-----");
  keep("no address", "x", "");
  keep("a@b\nSHA256: y", "x", "");
  LONGS_EQUAL(0, kept_certificates(folder, error)->size());
}

TEST(CertificateStore, StrangeFilesAreLeftAlone) {
  keep("a@example.org", "x", "", std::string(100, 'A'));
  std::ofstream(folder + "/odd.pem") << "nothing";
  auto all = kept_certificates(folder, error);
  LONGS_EQUAL(1, all->size());
  STRCMP_EQUAL(("-----BEGIN CERTIFICATE-----\n" + std::string(64, 'A') + "\n" +
                std::string(36, 'A') + "\n-----END CERTIFICATE-----\n")
                   .c_str(),
               all->front().pem.c_str());
}
