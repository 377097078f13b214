// What certificates and CRLs say of themselves, in words for a report.
#ifndef SMIME_CERTIFICATES_H
#define SMIME_CERTIFICATES_H

#include "scanner/base/openssl-ptr.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace smime {

// RFC 4514, ASCII, 512 bytes at most.
std::string name_text(const X509_NAME *name);
// Upper case hex of 64 bytes at most; empty for null.
std::string hex_text(const ASN1_STRING *string);

// SHA-256 of the DER, lower case hex.
std::string fingerprint(const X509 *certificate);
std::string fingerprint(const X509_CRL *crl);

// Seconds since 1970; 0 for null or what is no time.
std::int64_t seconds_of(const ASN1_TIME *time);
// "2026-11-24T12:00:00Z"
std::string time_text(std::int64_t seconds);

// The reverse; nullopt if text is none.
std::optional<std::int64_t> seconds_of_text(const std::string &text);

// Addresses that the certificate is about (RFC 8550 section 3): rfc822Name,
// SmtpUTF8Mailbox (RFC 9598), emailAddress of the subject. odd: one that holds a
// NUL, a control character or, in an rfc822Name, what is no ASCII; it is left
// out.
struct CertificateAddresses {
  std::vector<std::string> addresses;
  bool odd = false;
};
CertificateAddresses addresses_of(X509 *certificate);
// The subject, or what else the certificate names where it has none (RFC 5280 section 4.1.2.6):
// its first address, its serial number.
std::string subject_or_address(X509 *certificate);

// Whether the certificate may sign mail (RFC 8550 sections 4.4.2 and 4.4.4):
// without the extensions all is allowed. why says what forbids it.
bool may_sign_mail(X509 *certificate, std::string &why);
// The same of a CA whose extended key usage bounds what is below it.
bool may_issue_mail_certificates(X509 *certificate);

// "RSA with 1024 bits", or empty.
std::string key_weakness(X509 *certificate);
// "sha1" if that signed the certificate; empty if it is strong or unknown.
std::string signature_weakness(const X509 *certificate);
std::string signature_weakness(const X509_CRL *crl);

// First URL of the CRL distribution points (RFC 5280 section 4.2.1.13) over
// HTTP or LDAP; empty without.
std::string crl_address(X509 *certificate);
// First URL under which the issuer's certificate is to be had (section 4.2.2.1).
std::string issuer_address(X509 *certificate);

} // namespace smime

#endif
