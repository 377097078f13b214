// Messages that are encrypted to a key of this process, and the key.
#ifndef SMIME_TEST_ESCROW_H
#define SMIME_TEST_ESCROW_H

#include "scanner/cms/escrow-key.h"

#include <openssl/cms.h>
#include <string>
#include <vector>

namespace smime {

// Gives out content keys, and counts.
class LocalKeys : public ContentKeys {
public:
  explicit LocalKeys(std::unique_ptr<EscrowKey> key) : key_(std::move(key)) {}
  X509 *certificate() const override { return key_->certificate(); }
  ContentKey unwrap(const WrappedKey &wrapped) override {
    unwrapped++;
    return key_->unwrap(wrapped);
  }
  void settle(bool is_open) override { (is_open ? opened : refused)++; }

  unsigned unwrapped = 0;
  unsigned opened = 0;
  unsigned refused = 0;

private:
  std::unique_ptr<EscrowKey> key_;
};

enum class TestKey { rsa, ec };

// A new key and its certificate.
std::unique_ptr<EscrowKey> make_escrow_key(TestKey kind);

struct Encryption {
  const char *cipher = "aes-256-cbc";
  // RSA-OAEP with this digest and for MGF1 this one; null is PKCS #1 v1.5.
  const char *oaep_digest = nullptr;
  const char *mask_digest = "sha1";
  std::string oaep_label = {};
  bool by_key_id = false;
};

// DER of a CMS object with the entity, encrypted to somebody else and to the certificate.
std::vector<unsigned char> encrypt(X509 *certificate, const std::string &entity,
                                   const Encryption &how = {});

} // namespace smime

#endif
