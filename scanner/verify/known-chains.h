// Chains that were found to be right lately. The same people write again and
// again, and the signatures of their certificates and CRLs take longer to check
// than all else about a message.
#ifndef SMIME_KNOWN_CHAINS_H
#define SMIME_KNOWN_CHAINS_H

#include "scanner/base/openssl-ptr.h"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace smime {

// What OpenSSL says changes when one of several times is reached or passed;
// between two of them it is the same. [from, until), seconds since 1970.
struct SamePeriod {
  std::int64_t from;
  std::int64_t until;
};

// The period around now in which none of these times is reached or passed:
// whether that second itself is valid still differs between versions of OpenSSL.
SamePeriod period_around(std::int64_t now, const std::vector<std::int64_t> &times);

// Of one trust store, and to be forgotten with it: what is found right depends on
// nothing but a set of it, the certificates and the time.
class KnownChains {
public:
  static constexpr std::size_t max_chains = 128;
  // Of those that came with a message; with more, the chain is not kept.
  static constexpr int max_certificates = 8;
  // Bytes of DER, of one question's certificates and of all together. What
  // OpenSSL makes of an odd certificate takes fifty times as much.
  static constexpr std::size_t max_size = 16 * 1024;
  static constexpr std::size_t max_total_size = 256 * 1024;

  // What was asked. Compared by the objects' addresses, which the kept ones
  // hold: equal bytes in another object are looked at anew.
  struct Question {
    const void *set = nullptr; // of the store that is asked, and lives as long
    X509 *certificate = nullptr;
    STACK_OF(X509) *others = nullptr; // came with the message; may be null
    bool revocation = false;          // CRLs were looked at too
    std::int64_t now = 0;
  };

  // The chain that was kept for this, from the certificate to the anchor, or
  // null.
  CertificateStackPtr find(const Question &question) const;
  // times: all of the trust set's that OpenSSL compares with the present. Those
  // of the certificates that came with the message are added.
  void keep(const Question &question, STACK_OF(X509) * chain, std::vector<std::int64_t> times);
  std::size_t size() const { return kept_.size(); }

private:
  struct Known {
    const void *set = nullptr;
    CertificatePtr certificate;
    CertificateStackPtr others;
    bool revocation = false;
    SamePeriod period{};
    CertificateStackPtr chain;
  };

  std::vector<Known> kept_;
  std::size_t total_size_ = 0;
};

} // namespace smime

#endif
