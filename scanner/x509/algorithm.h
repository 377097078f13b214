// Names and strength of cryptographic algorithms, by RFC 8551 sections 2.1 to
// 2.7: what is below its SHOULD is weak.
#ifndef SMIME_ALGORITHM_H
#define SMIME_ALGORITHM_H

#include "common/report.h"

#include <openssl/x509.h>
#include <string>

namespace smime {

// Lower case: "sha256", "aes-256-gcm", "rsaoaep"; dotted digits for one that
// OpenSSL has no name for. Empty for null.
std::string algorithm_name(const X509_ALGOR *algorithm);

// The name of a signature's algorithm that this OpenSSL cannot check ("ML-DSA-65"); empty if it
// can, or should be able to.
std::string unsupported_signature(const X509_ALGOR *algorithm);
// Likewise of the key of a certificate.
std::string unsupported_key(X509 *certificate);

Strength digest_strength(const X509_ALGOR *algorithm);
Strength cipher_strength(const X509_ALGOR *algorithm);

} // namespace smime

#endif
