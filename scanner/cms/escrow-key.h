// The organisation's own private key, and the one thing that is done with it.
#ifndef SMIME_ESCROW_KEY_H
#define SMIME_ESCROW_KEY_H

#include "scanner/base/openssl-ptr.h"
#include "scanner/cms/content-key.h"

#include <array>
#include <memory>
#include <string>

namespace smime {

// A PEM file's certificate; null with error set, naming the file.
CertificatePtr load_escrow_certificate(const std::string &file, std::string &error);

class EscrowKey {
public:
  // Reads PEM files. Returns null with error set, naming the file, if one cannot be read or
  // the two do not belong together.
  static std::unique_ptr<EscrowKey> load(const std::string &key_file,
                                         const std::string &certificate_file, std::string &error);
  ~EscrowKey();
  EscrowKey(const EscrowKey &) = delete;
  EscrowKey &operator=(const EscrowKey &) = delete;

  X509 *certificate() const { return certificate_.get(); }

  // wrapped is within its bounds. What does not decrypt to a key of its size gives a key
  // that is made of this one and the octets, the same each time (implicit rejection, as
  // draft-irtf-cfrg-rsa-guidance has it): no answer, and no time, tells the two apart.
  ContentKey unwrap(const WrappedKey &wrapped) const;
  // A key that opens nothing, by the same work.
  ContentKey refuse(const WrappedKey &wrapped) const;

private:
  EscrowKey() = default;
  ContentKey rejected_key(const WrappedKey &wrapped) const;
  unsigned unwrap_pkcs1(const WrappedKey &wrapped, ContentKey &key) const;
  unsigned unwrap_oaep(const WrappedKey &wrapped, ContentKey &key) const;
  unsigned unwrap_ecdh(const WrappedKey &wrapped, ContentKey &key) const;

  KeyPtr key_;
  CertificatePtr certificate_;
  // Of the private key.
  std::array<unsigned char, 32> seed_{};
};

} // namespace smime

#endif
