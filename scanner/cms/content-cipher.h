// Decrypts the content of EnvelopedData (a block cipher in CBC) and of AuthEnvelopedData
// (GCM, RFC 5084) with a content key.
#ifndef SMIME_CONTENT_CIPHER_H
#define SMIME_CONTENT_CIPHER_H

#include "common/byte-sink.h"
#include "scanner/base/openssl-ptr.h"
#include "scanner/cms/content-key.h"
#include "scanner/cms/type.h"

#include <functional>
#include <memory>
#include <vector>

namespace smime {

class ContentCipher {
public:
  // type and algorithm (DER of an AlgorithmIdentifier) are the object's. Null if this is
  // none of those ciphers.
  static std::unique_ptr<ContentCipher> create(CmsType type, Bytes algorithm);

  std::size_t key_size() const { return key_size_; }
  // Whether a tag says at the end that nothing was changed.
  bool is_authenticated() const { return tag_size_ > 0; }

  using Take = std::function<void(Bytes plain)>;

  // Begins anew, as often as wanted. additional is authenticated and not encrypted.
  bool start(const ContentKey &key, Bytes additional = {});
  void decrypt(Bytes bytes, const Take &take);
  // The last bytes without their padding. Returns whether length and padding, or the tag,
  // are right; the work is the same if they are not.
  bool finish(Bytes tag, const Take &take);

private:
  ContentCipher() = default;
  bool read_parameters(CmsType type, const X509_ALGOR *algorithm);
  bool finish_blocks(const Take &take);

  using ContextPtr = std::unique_ptr<EVP_CIPHER_CTX, OpensslFree<EVP_CIPHER_CTX_free>>;
  const EVP_CIPHER *cipher_ = nullptr;
  std::size_t key_size_ = 0;
  std::size_t block_size_ = 0;
  std::size_t tag_size_ = 0; // 0: CBC
  std::vector<unsigned char> iv_;
  ContextPtr context_;
  bool failed_ = false;
  // The last block so far, which may be padding.
  std::vector<unsigned char> held_;
  std::vector<unsigned char> plain_;
};

} // namespace smime

#endif
