// Certificates that were harvested from verified mail, the newest for each
// address: one PEM file each in a folder of the user's home. No Dovecot header.
#ifndef SMIME_CERTIFICATE_STORE_H
#define SMIME_CERTIFICATE_STORE_H

#include "common/report.h"

#include <optional>
#include <string>
#include <vector>

namespace smime {

struct KeptCertificate {
  std::string address;
  // SHA-256 of the DER, hex.
  std::string sha256;
  // When its mail was signed, RFC 3339; empty if the signer did not say.
  std::string signed_at;
  std::string pem;
  // Its file's path.
  std::string file;
};

// The folder in a home directory.
std::string certificate_folder(const std::string &home);

// Keeps the certificate of a verified signature for every address in it, unless
// one is kept whose mail was signed later. Does nothing for a signer without a
// certificate. False with error set.
bool keep_certificate(const std::string &folder, const Signer &signer, std::string &error);

// All that are kept, by address; none if there is no folder. Nullopt with error
// set if the folder cannot be read.
std::optional<std::vector<KeptCertificate>> kept_certificates(const std::string &folder,
                                                              std::string &error);

// Nullopt if none is kept for the address.
std::optional<KeptCertificate> kept_certificate(const std::string &folder,
                                                const std::string &address);

// Files in one folder.
inline constexpr std::size_t max_kept_certificates = 10000;

} // namespace smime

#endif
