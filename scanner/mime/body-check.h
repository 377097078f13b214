// Whether bytes can be the body of a MIME part with a transfer encoding and a charset.
#ifndef SMIME_BODY_CHECK_H
#define SMIME_BODY_CHECK_H

#include "common/byte-sink.h"

#include <cstdint>
#include <string_view>

namespace smime {

// UTF-8 without controls but for white space, byte by byte.
class Utf8Check {
public:
  // False once a byte cannot stand there.
  bool take(unsigned char byte);
  bool at_boundary() const { return missing_ == 0; }

private:
  unsigned missing_ = 0;
  unsigned minimum_ = 0;
  unsigned code_ = 0;
};

// What the bytes of a body may be.
enum class BodyKind : std::uint8_t {
  base64,
  quoted_printable,
  ascii,
  escaped, // ASCII with the ESC of ISO-2022
  utf8,
  latin,      // one byte a character, without 0x80 to 0x9f
  other_8bit, // any byte from 0x80 on
  binary,     // any byte
  impossible,
};

// For the header fields of a part: the transfer encoding in lower case (empty: none is
// given), whether the type is text, and the charset in lower case.
BodyKind body_kind(std::string_view encoding, bool is_text, std::string_view charset);

class BodyCheck {
public:
  explicit BodyCheck(BodyKind kind) : kind_(kind) {}

  // The work is the same once a byte was wrong.
  void feed(Bytes bytes);
  // At the end: whether all of it was right.
  bool is_right() const;

private:
  bool take(unsigned char byte);
  bool take_base64(unsigned char byte);
  bool take_quoted(unsigned char byte);
  bool take_text(unsigned char byte);

  BodyKind kind_;
  bool wrong_ = false;
  bool after_cr_ = false;
  Utf8Check utf8_;
  // base64: characters and, at the end, "=".
  std::uint64_t characters_ = 0;
  unsigned padding_ = 0;
  // quoted-printable: behind "=" come two digits or, after blanks, a line end.
  enum class Quoted : std::uint8_t { none, equals, digit, blanks };
  Quoted quoted_ = Quoted::none;
};

} // namespace smime

#endif
