// Which certificate the directory publishes for an address, and what is wrong with
// it. No Dovecot header; times are seconds since 1970.
#ifndef SMIME_CERTIFICATE_CHECK_H
#define SMIME_CERTIFICATE_CHECK_H

#include "common/facts.h"
#include "plugin/operator/findings.h"

#include <cstdint>
#include <string>
#include <vector>

namespace smime {

// One entry of the directory: what each value of the two attributes holds.
// userCertificate (RFC 4523) has certificates, userSMIMECertificate (RFC 2798)
// PKCS #7 with a certificate and its chain.
struct DirectoryCertificates {
  std::string dn;
  std::vector<FileFacts> user_certificate;
  std::vector<FileFacts> user_smime_certificate;
};

// Findings with the code as check and the entry's dn as setting: no-entry,
// several-entries, no-certificate, only-userCertificate,
// only-userSMIMECertificate, different-certificates, unreadable-certificate,
// certificate-expired, certificate-not-yet-valid, no-email-protection,
// address-mismatch, not-the-one-in-use; one that is ok if there is none.
// kept_sha256: of the certificate that the address signed with last; may be empty.
Findings check_directory(const std::string &address,
                         const std::vector<DirectoryCertificates> &entries,
                         const std::string &kept_sha256, std::int64_t now);

// The filter with "{address}" replaced, escaped as RFC 4515 section 3 has it.
std::string directory_filter(const std::string &filter, const std::string &address);

} // namespace smime

#endif
