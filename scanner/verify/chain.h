// Whether a certificate is to be trusted for signing mail: its chain to an
// anchor (RFC 5280, RFC 8550), and CRLs.
#ifndef SMIME_CHAIN_H
#define SMIME_CHAIN_H

#include "common/report.h"
#include "scanner/base/openssl-ptr.h"
#include "scanner/verify/trust-config.h"
#include "scanner/verify/trust-store.h"

#include <cstdint>
#include <optional>
#include <vector>

namespace smime {

struct ChainQuestion {
  X509 *certificate = nullptr;
  // What the message brought along; may be null. Neither trusted nor owned.
  STACK_OF(X509) *certificates = nullptr;
  STACK_OF(X509_CRL) *crls = nullptr;
  // When the signer says to have signed, unless that is in the future.
  std::optional<std::int64_t> signing_time;
  // When the message arrived.
  std::int64_t arrival = 0;
  std::int64_t now = 0;
  // The certificate's key made the signature: without, nothing is remembered.
  bool holds = false;
};

// As of which time the certificate is checked. Whoever has a key that expired can give any time:
// that of signing counts only if the message came soon after it (signing_delay).
std::int64_t used_at(const ChainQuestion &question, const TrustConfig &config);

// Everything that speaks against the certificate, with path empty; the codes'
// weight is in judgement.h. Empty: it is trusted. known is of trust's store; a
// chain that is right in every respect is kept there.
std::vector<ReportError> check_chain(const ChainQuestion &question, const TrustSet &trust,
                                     KnownChains &known, const TrustConfig &config);

} // namespace smime

#endif
