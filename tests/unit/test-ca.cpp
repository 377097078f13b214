#include "tests/unit/test-ca.h"

#include <fstream>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <utility>

namespace smime {
namespace {

constexpr long day = 86400;

void add_extension(X509 *certificate, int nid, const char *value) {
  X509_EXTENSION *extension = X509V3_EXT_conf_nid(nullptr, nullptr, nid, value);
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
}

void add_revoked(X509_CRL *crl, const Ca &ca) {
  X509_REVOKED *entry = X509_REVOKED_new();
  X509_REVOKED_set_serialNumber(entry, X509_get_serialNumber(ca.certificate));
  ASN1_TIME *time = X509_gmtime_adj(nullptr, -day);
  X509_REVOKED_set_revocationDate(entry, time);
  ASN1_TIME_free(time);
  X509_CRL_add0_revoked(crl, entry);
}

} // namespace

Ca::Ca(Ca &&other) noexcept
    : key(std::exchange(other.key, nullptr)),
      certificate(std::exchange(other.certificate, nullptr)) {}

Ca &Ca::operator=(Ca &&other) noexcept {
  std::swap(key, other.key);
  std::swap(certificate, other.certificate);
  return *this;
}

Ca::~Ca() {
  EVP_PKEY_free(key);
  X509_free(certificate);
}

Ca make(const char *name, const Ca *issuer, bool is_ca, long days, long days_ago) {
  static long serial = 0;
  Ca ca;
  ca.key = EVP_EC_gen("P-256");
  ca.certificate = X509_new();
  X509_set_version(ca.certificate, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(ca.certificate), ++serial);
  X509_gmtime_adj(X509_getm_notBefore(ca.certificate), -days_ago * day);
  X509_gmtime_adj(X509_getm_notAfter(ca.certificate), days * day);
  X509_set_pubkey(ca.certificate, ca.key);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(ca.certificate), "CN", MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char *>(name), -1, -1, 0);
  const Ca &by = issuer == nullptr ? ca : *issuer;
  X509_set_issuer_name(ca.certificate, X509_get_subject_name(by.certificate));
  add_extension(ca.certificate, NID_basic_constraints, is_ca ? "critical,CA:TRUE" : "CA:FALSE");
  X509_sign(ca.certificate, by.key, EVP_sha256());
  return ca;
}

std::string crl_of(const Ca &ca, CrlDays days, bool as_der, const Ca *revoked) {
  X509_CRL *crl = X509_CRL_new();
  X509_CRL_set_version(crl, 1);
  X509_CRL_set_issuer_name(crl, X509_get_subject_name(ca.certificate));
  ASN1_TIME *time = X509_gmtime_adj(nullptr, days.last * day);
  X509_CRL_set1_lastUpdate(crl, time);
  X509_gmtime_adj(time, days.next * day);
  X509_CRL_set1_nextUpdate(crl, time);
  ASN1_TIME_free(time);
  if (revoked != nullptr)
    add_revoked(crl, *revoked);
  X509_CRL_sign(crl, ca.key, EVP_sha256());
  BIO *bio = BIO_new(BIO_s_mem());
  if (as_der)
    i2d_X509_CRL_bio(bio, crl);
  else
    PEM_write_bio_X509_CRL(bio, crl);
  X509_CRL_free(crl);
  return text_of(bio);
}

std::string text_of(BIO *bio) {
  char *data = nullptr;
  long size = BIO_get_mem_data(bio, &data);
  std::string text(data, static_cast<std::size_t>(size));
  BIO_free(bio);
  return text;
}

std::string pem(const Ca &ca) {
  BIO *bio = BIO_new(BIO_s_mem());
  PEM_write_bio_X509(bio, ca.certificate);
  return text_of(bio);
}

std::string der(const Ca &ca) {
  BIO *bio = BIO_new(BIO_s_mem());
  i2d_X509_bio(bio, ca.certificate);
  return text_of(bio);
}

void write(const std::filesystem::path &path, const std::string &content) {
  std::filesystem::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary | std::ios::trunc) << content;
}

} // namespace smime
