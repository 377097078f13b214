// Whether bytes are a MIME entity without a fault (RFC 2045, RFC 2046): what encryption
// without a tag (CBC) decrypts to is looked into only if it is, because that is all there
// is to tell a message that somebody changed on its way. A changed block of ciphertext is
// a block of random bytes here, which hardly ever passes.
#ifndef SMIME_ENTITY_CHECK_H
#define SMIME_ENTITY_CHECK_H

#include "common/byte-sink.h"
#include "scanner/base/scan-limits.h"

#include <memory>

namespace smime {

class EntityCheck : public ByteSink {
public:
  explicit EntityCheck(const Limits &limits);
  ~EntityCheck() override;

  // These do the same work whether a fault was seen or not.
  void feed(Bytes bytes) override;
  void finish() override;

  // After finish(). True for an entity with a Content-Type, whose header fields have their
  // form, whose transfer encodings and charsets are those of its bytes, and whose multiparts
  // are closed by their boundaries.
  bool is_well_formed() const;

private:
  class State;
  std::unique_ptr<State> state_;
};

} // namespace smime

#endif
