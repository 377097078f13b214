// Text of two bytes a character (the least significant first) as UTF-8.
#ifndef SMIME_UTF16_H
#define SMIME_UTF16_H

#include "common/byte-sink.h"

#include <cstdint>
#include <vector>

namespace smime {

class Utf16Decoder : public ByteSink {
public:
  explicit Utf16Decoder(ByteSink &text) : text_(text) {}

  void feed(Bytes bytes) override;
  void finish() override { text_.finish(); }

private:
  void add(std::uint32_t unit);

  ByteSink &text_;
  std::vector<unsigned char> output_;
  unsigned char low_ = 0;
  bool has_low_ = false;
};

} // namespace smime

#endif
