// What smime-scanner.conf says about trust.
#ifndef SMIME_TRUST_CONFIG_H
#define SMIME_TRUST_CONFIG_H

#include <cstdint>
#include <string>
#include <vector>

namespace smime {

// What a CRL that is missing or stale does to a signature.
enum class CrlPolicy : unsigned char {
  require, // it is not verified
  soft,    // it is told; a revoked certificate fails
  off,     // CRLs are not looked at
};

// The weakest algorithms that a verified signature may have.
enum class MinStrength : unsigned char {
  weak,   // all that OpenSSL checks; what is weak is told
  strong, // RFC 8551's SHOULD: no MD5, no SHA-1, no RSA below 2048 bits
};

// A certificate of a gateway or a company, which has nobody's address in it, and for whose mail
// it may stand.
struct Seal {
  // In small letters.
  std::string domain;
  // Of the certificate: its SHA-256 in hex of small letters, or its subject as reports have it.
  std::string certificate;
};

struct TrustConfig {
  // Empty: signatures are checked in mathematics alone and never verified.
  std::string directory;
  CrlPolicy crl_policy = CrlPolicy::soft;
  MinStrength min_strength = MinStrength::weak;
  // Signers of verified signatures are reported with their certificates.
  bool report_certificates = false;
  // Seconds that a message may be on its way: a signing time, which is the signer's word, counts
  // if it lies no further before the arrival.
  std::int64_t signing_delay = 7 * 86400;
  std::vector<Seal> seals;
  // From addresses ("*@example.org") whose display names may read as other addresses: calendars,
  // certified mail (RFC 6109), mailing lists.
  std::vector<std::string> named_for_others;
};

} // namespace smime

#endif
