#include "scanner/formats/utf16.h"

namespace smime {

void Utf16Decoder::feed(Bytes bytes) {
  for (unsigned char c : bytes) {
    if (has_low_)
      add(low_ | static_cast<std::uint32_t>(c) << 8);
    low_ = c;
    has_low_ = !has_low_;
  }
  text_.feed(output_);
  output_.clear();
}

// What is searched for is ASCII: the halves of a pair are written each for itself.
void Utf16Decoder::add(std::uint32_t unit) {
  auto put = [this](std::uint32_t byte) { output_.push_back(static_cast<unsigned char>(byte)); };
  if (unit == 0)
    return;
  if (unit < 0x80) {
    put(unit);
  } else if (unit < 0x800) {
    put(0xc0 | unit >> 6);
    put(0x80 | (unit & 0x3f));
  } else {
    put(0xe0 | unit >> 12);
    put(0x80 | (unit >> 6 & 0x3f));
    put(0x80 | (unit & 0x3f));
  }
}

} // namespace smime
