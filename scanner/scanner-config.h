// smime-scanner.conf: "key = value" lines, "#" comments.
#ifndef SMIME_SCANNER_CONFIG_H
#define SMIME_SCANNER_CONFIG_H

#include "scan-limits.h"

#include <optional>
#include <string>
#include <string_view>
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

struct TrustConfig {
  // Empty: signatures are checked in mathematics alone and never verified.
  std::string directory;
  CrlPolicy crl_policy = CrlPolicy::soft;
  MinStrength min_strength = MinStrength::weak;
  // Signers of verified signatures are reported with their certificates.
  bool report_certificates = false;
};

struct ScannerConfig {
  Limits limits;
  // Addresses of clamd, tried in turn: paths of unix sockets, "host:port".
  std::vector<std::string> clamd;
  // PEM files; both or none are set.
  std::string escrow_key;
  std::string escrow_certificate;
  TrustConfig trust;
};

// Parses the text of a configuration file. Unknown keys and bad values are
// refused: returns nullopt and sets error to "FILE:LINE: what is wrong".
std::optional<ScannerConfig> parse_scanner_config(std::string_view text, const std::string &file,
                                           std::string &error);

// Reads file. A missing file is an error only if required.
std::optional<ScannerConfig> read_scanner_config(const std::string &file, bool required,
                                          std::string &error);

} // namespace smime

#endif
