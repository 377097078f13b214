// Where bytes of untrusted content go, piece by piece: every consumer in the
// scanner is one, so that memory does not grow with what flows through.
#ifndef SMIME_BYTE_SINK_H
#define SMIME_BYTE_SINK_H

#include <span>

namespace smime {

using Bytes = std::span<const unsigned char>;

class ByteSink {
public:
  ByteSink() = default;
  virtual ~ByteSink() = default;
  ByteSink(const ByteSink &) = delete;
  ByteSink &operator=(const ByteSink &) = delete;

  // The bytes are valid during the call only.
  virtual void feed(Bytes bytes) = 0;
  // Once, after the last byte.
  virtual void finish() = 0;
};

} // namespace smime

#endif
