// The organisation's own key: what is encrypted to it can be inspected. The
// plaintext is in memory only, and the process ends with the message.
#ifndef SMIME_ESCROW_H
#define SMIME_ESCROW_H

#include "cms-stream.h"
#include "openssl-ptr.h"

#include <functional>
#include <memory>
#include <string>

namespace smime {

class Escrow {
public:
  // Reads PEM files. Returns null with error set, naming the file, if one
  // cannot be read or the two do not belong together.
  static std::unique_ptr<Escrow> load(const std::string &key_file,
                                      const std::string &certificate_file, std::string &error);

  // Decrypts what it is fed and passes it to inside; failed is called at the end
  // if that was no proper ciphertext. Returns null, and leaves inside alone, if
  // the key does not open this one.
  std::unique_ptr<ByteSink> open(const CmsHead &head, std::unique_ptr<ByteSink> &inside,
                                 std::function<void()> failed) const;

private:
  KeyPtr key_;
  CertificatePtr certificate_;
};

} // namespace smime

#endif
