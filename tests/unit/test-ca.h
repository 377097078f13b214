// Certificates and CRLs made for a test.
#ifndef SMIME_TEST_CA_H
#define SMIME_TEST_CA_H

#include <filesystem>
#include <openssl/bio.h>
#include <openssl/x509.h>
#include <string>

namespace smime {

struct Ca {
  EVP_PKEY *key = nullptr;
  X509 *certificate = nullptr;

  Ca() = default;
  Ca(Ca &&other) noexcept;
  Ca &operator=(Ca &&other) noexcept;
  ~Ca();
};

// Valid from that many days ago on, for that many days from now. issuer null: signed
// by itself.
Ca make(const char *name, const Ca *issuer = nullptr, bool is_ca = true, long days = 30,
        long days_ago = 100);

// From that many days from now to that many, both of which may be negative.
struct CrlDays {
  long last = -50;
  long next = 3;
};
std::string crl_of(const Ca &ca, CrlDays days, bool as_der = false, const Ca *revoked = nullptr);

// Frees it.
std::string text_of(BIO *bio);
std::string pem(const Ca &ca);
std::string der(const Ca &ca);

// Makes the folders that it takes.
void write(const std::filesystem::path &path, const std::string &content);

} // namespace smime

#endif
