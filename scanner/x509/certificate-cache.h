// Certificates that were read lately, by their bytes. The same CAs and colleagues
// come again and again, and OpenSSL 3.0 takes longer to read a certificate, whose
// key it makes a decoder for, than to verify a signature with it.
#ifndef SMIME_CERTIFICATE_CACHE_H
#define SMIME_CERTIFICATE_CACHE_H

#include "common/byte-sink.h"
#include "scanner/base/openssl-ptr.h"

#include <cstddef>
#include <string>
#include <unordered_map>

namespace smime {

class CertificateCache {
public:
  static constexpr std::size_t max_certificates = 256;
  // A larger one is read, but not kept.
  static constexpr std::size_t max_size = 8 * 1024;
  // Of all of them, in bytes of DER; what OpenSSL makes of an odd one takes fifty
  // times as much.
  static constexpr std::size_t max_total_size = 512 * 1024;

  // The certificate that these bytes are, all of them; null if they are none.
  CertificatePtr get(Bytes der);
  std::size_t size() const { return kept_.size(); }

private:
  // The bytes themselves are the key: nothing but they decides what is the same.
  std::unordered_map<std::string, CertificatePtr> kept_;
  std::size_t total_size_ = 0;
};

} // namespace smime

#endif
