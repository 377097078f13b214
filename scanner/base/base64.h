// base64 as mail readers decode it (RFC 2045 section 6.8: characters outside the
// alphabet are ignored), so that the scanner sees what they see. Padding ends a
// quantum and not the text: what readers disagree on is looked at.
#ifndef SMIME_BASE64_H
#define SMIME_BASE64_H

#include "common/byte-sink.h"

#include <cstdint>
#include <vector>

namespace smime {

class Base64Decoder {
public:
  // Appends what bytes decode to. State goes on to the next call.
  void decode(Bytes bytes, std::vector<unsigned char> &output);

private:
  std::uint32_t bits_ = 0;
  unsigned count_ = 0; // characters of the quantum
};

} // namespace smime

#endif
