// Text in which bytes stand as base64 or as hexadecimal digits, without anything around it that
// says so: what the bytes begin as is content of its own, as in a piece of a file that nobody
// reads, and it is seen whether they look encrypted.
#ifndef SMIME_ENCODED_TEXT_H
#define SMIME_ENCODED_TEXT_H

#include "scanner/content/unread-pieces.h"

#include <cstddef>
#include <vector>

namespace smime {

class EncodedText : public ByteSink {
public:
  // inspection outlives it. place is the text's.
  EncodedText(Inspection &inspection, const Place &place, UnreadPieces::Of of);

  void feed(Bytes bytes) override;
  void finish() override;

  // Known after finish(). Of sealed bytes others know more where there is armor.
  bool looks_encrypted() const { return pieces_.look_encrypted(); }
  bool has_sealed() const { return pieces_.has_sealed(); }

private:
  void search(Bytes bytes);
  std::size_t look_at(Bytes bytes, std::size_t at);
  static std::size_t first_of_run(Bytes bytes, std::size_t at, std::size_t least);
  Bytes take_run(Bytes bytes);
  void end_run();
  void flush();

  UnreadPieces pieces_;
  // Gathered until there is enough to search; the first of it was searched already.
  std::vector<unsigned char> gathered_;
  std::size_t searched_ = 0;
  // In a run: base64 or digits, and the bits that are no byte yet.
  bool in_run_ = false;
  bool is_hex_ = false;
  unsigned bits_ = 0;
  unsigned bit_count_ = 0;
  unsigned dashes_ = 0;
  std::vector<unsigned char> decoded_;
};

} // namespace smime

#endif
