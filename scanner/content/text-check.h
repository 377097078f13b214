// Whether content that began as text is text to its end: a script may have a program behind it,
// and a letter an archive.
#ifndef SMIME_TEXT_CHECK_H
#define SMIME_TEXT_CHECK_H

#include "common/byte-sink.h"

#include <cstddef>

namespace smime {

// Takes bytes in pieces of any size.
class TextCheck {
public:
  void feed(Bytes bytes);
  // Of all bytes so far. A few control bytes make no text something else; many in a row of
  // bytes that is shorter than any archive do.
  bool is_text() const { return !found_other_ && odd_ * least_share <= in_block_ + slack; }

private:
  static constexpr std::size_t block_size = 512;
  // Of encrypted and compressed bytes every tenth is one that text does not have.
  static constexpr std::size_t least_share = 16;
  static constexpr std::size_t slack = 64;
  void end_block();
  void look_for_zip(Bytes bytes, bool has_odd);

  std::size_t in_block_ = 0;
  std::size_t odd_ = 0;
  bool found_other_ = false;
  // The last bytes, where a record of a zip archive may have begun.
  unsigned char before_[3] = {};
};

// Of the first bytes of content that is of no other kind: text in which some control characters
// stand, or in UTF-16 without a mark of its byte order. labelled: it says that it is text, and
// letters of any charset may be in it.
bool is_text_with_odd_bytes(Bytes prefix, bool labelled);

// Whether every other byte, or more, is zero, as in text in UTF-16 and UTF-32.
bool has_wide_letters(Bytes prefix);

} // namespace smime

#endif
