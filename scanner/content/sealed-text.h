// Text that as a whole is encrypted by a format of the web: JWE (RFC 7516), as one word or in JSON,
// and XML Encryption. A word of JWE in other text, such as a link, is none.
#ifndef SMIME_SEALED_TEXT_H
#define SMIME_SEALED_TEXT_H

#include "common/byte-sink.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace smime {

class SealedText {
public:
  // Takes bytes in pieces of any size.
  void feed(Bytes bytes);
  // Of all bytes so far.
  bool found() const;

private:
  enum class As : unsigned char { unknown, word, json, xml, other };

  void begin();
  void take_word(std::string_view text);
  void search(std::string_view text);

  As as_ = As::unknown;
  std::string first_;
  // Of a word.
  unsigned dots_ = 0;
  std::uint64_t letters_ = 0;
  // What is looked for in the others, and has not been found; and the end of what was searched.
  std::vector<std::string_view> missing_;
  std::string last_;
};

} // namespace smime

#endif
