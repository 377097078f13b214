// The signatures of one SignedData (RFC 5652 section 5, RFC 8551): the
// mathematics of each signer, and what speaks against its certificate.
#ifndef SMIME_VERIFY_H
#define SMIME_VERIFY_H

#include "common/report.h"
#include "scanner/cms/content-digests.h"
#include "scanner/verify/trust-config.h"
#include "scanner/verify/trust-store.h"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace smime {

// What signatures are held against. Without a store the mathematics alone are
// checked.
struct Verifier {
  TrustStore *store = nullptr;
  TrustConfig config;
  // Instead of the clock's time, for messages of the past.
  std::optional<std::int64_t> at;
  // When the message arrived, if that was not now.
  std::optional<std::int64_t> arrival = {};

  std::int64_t now() const;
  // Never behind now().
  std::int64_t arrived() const;
};

// One signer's part of a layer.
struct SignerCheck {
  Signer signer;
  // Whose certificate is there. It need not have a subject (RFC 5280 section 4.1.2.6).
  bool has_certificate = false;
  // "CN=Alice,O=Example", or where the certificate has no subject what else it names.
  std::string name;
  // The time of signing that the signer gives, whether it is used or not.
  std::optional<std::int64_t> given_time;
  // addresses of the certificate; all of them, unlike signer.email.
  std::vector<std::string> addresses;
  // The mathematics hold: the digest is that of the content and the
  // signature is that of the certificate's key.
  bool holds = false;
  std::vector<ReportError> errors;
};

// What is to be verified.
struct SignedLayer {
  CMS_ContentInfo *object = nullptr; // without its content
  ContentDigests *digests = nullptr;
  std::string path;
  // Of the sender's address, for what is trusted for that domain.
  std::string domain;
  // "bytes 300 to 1200 of the message", or empty: for who looks for a change.
  std::string place;
};

// One check for each signer, Report::max_signers at most, in the object's order.
// more: there are more signers than that. Leaves object's signers' certificates
// set.
std::vector<SignerCheck> check_signers(const SignedLayer &layer, const Verifier &verifier,
                                       bool &more);

// Whether the signed content is plain data, as mail is (RFC 8551 section 2.4.1).
bool is_plain_data(const CMS_ContentInfo *object);

} // namespace smime

#endif
