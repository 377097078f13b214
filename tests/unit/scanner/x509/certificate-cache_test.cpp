#include "scanner/x509/certificate-cache.h"

#include <CppUTest/TestHarness.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <vector>

using namespace smime;

namespace {

// A certificate that nobody signed, with that serial number.
std::vector<unsigned char> certificate(long serial, std::size_t name_size = 10) {
  static EVP_PKEY *key = EVP_EC_gen("P-256");
  X509 *made = X509_new();
  X509_set_version(made, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(made), serial);
  X509_gmtime_adj(X509_getm_notBefore(made), 0);
  X509_gmtime_adj(X509_getm_notAfter(made), 1000);
  X509_set_pubkey(made, key);
  for (std::size_t size = 0; size < name_size; size += 10)
    X509_NAME_add_entry_by_txt(X509_get_subject_name(made), "OU", MBSTRING_UTF8,
                               reinterpret_cast<const unsigned char *>("0123456789"), 10, -1, 0);
  X509_sign(made, key, EVP_sha256());
  unsigned char *der = nullptr;
  int size = i2d_X509(made, &der);
  std::vector<unsigned char> bytes(der, der + size);
  OPENSSL_free(der);
  X509_free(made);
  return bytes;
}

long serial_of(const CertificatePtr &certificate) {
  return ASN1_INTEGER_get(X509_get0_serialNumber(certificate.get()));
}

} // namespace

TEST_GROUP(CertificateCache) { CertificateCache cache; };

TEST(CertificateCache, TheSameBytesAreTheSameCertificate) {
  auto one = certificate(1);
  auto two = certificate(2);
  CertificatePtr first = cache.get(one);
  LONGS_EQUAL(1, serial_of(first));
  LONGS_EQUAL(2, serial_of(cache.get(two)));
  CertificatePtr again = cache.get(std::vector(one));
  POINTERS_EQUAL(first.get(), again.get());
  LONGS_EQUAL(2, cache.size());
  // One byte more or less makes another one.
  auto changed = one;
  changed.back() ^= 1;
  CertificatePtr other = cache.get(changed);
  CHECK(other != nullptr && other.get() != first.get());
}

TEST(CertificateCache, WhatIsNoneIsNotKept) {
  auto one = certificate(1);
  CHECK(cache.get({}) == nullptr);
  CHECK(cache.get(Bytes(one).first(one.size() - 1)) == nullptr);
  one.push_back(0);
  CHECK(cache.get(one) == nullptr);
  LONGS_EQUAL(0, cache.size());
}

TEST(CertificateCache, IsBounded) {
  CertificatePtr first = cache.get(certificate(0));
  for (long serial = 1; serial < 600; serial++) {
    LONGS_EQUAL(serial, serial_of(cache.get(certificate(serial))));
    CHECK(cache.size() <= CertificateCache::max_certificates);
  }
  LONGS_EQUAL(0, serial_of(first));
  CertificateCache other;
  auto large = certificate(7, CertificateCache::max_size);
  LONGS_EQUAL(7, serial_of(other.get(large)));
  LONGS_EQUAL(0, other.size());
  for (long serial = 0; serial < 200; serial++) {
    auto one = certificate(serial, 3000);
    CHECK(other.get(one) != nullptr);
    CHECK(other.size() > 0 && other.size() * (one.size() - 10) <= CertificateCache::max_total_size);
  }
}
