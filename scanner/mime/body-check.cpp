#include "scanner/mime/body-check.h"

namespace smime {
namespace {

bool is_line_byte(unsigned char byte) {
  return byte == '\t' || byte == '\n' || byte == '\r' || byte == '\f';
}

bool is_printable(unsigned char byte) { return byte >= 0x20 && byte < 0x7f; }

bool is_hex_digit(unsigned char byte) {
  return (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'F') ||
         (byte >= 'a' && byte <= 'f');
}

bool is_base64(unsigned char byte) {
  return (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z') ||
         (byte >= '0' && byte <= '9') || byte == '+' || byte == '/';
}

bool is_ascii_name(std::string_view charset) {
  return charset.empty() || charset == "us-ascii" || charset == "ascii";
}

// Character sets of which a byte from 0x80 on may be part.
BodyKind kind_of_charset(std::string_view charset) {
  if (charset == "utf-8" || charset == "utf8")
    return BodyKind::utf8;
  if (is_ascii_name(charset))
    return BodyKind::ascii;
  if (charset.starts_with("iso-8859-"))
    return BodyKind::latin;
  if (charset.starts_with("iso-2022-"))
    return BodyKind::escaped;
  return charset.starts_with("utf-") ? BodyKind::impossible : BodyKind::other_8bit;
}

} // namespace

bool Utf8Check::take(unsigned char byte) {
  if (missing_ > 0) {
    missing_--;
    code_ = code_ << 6U | (byte & 0x3fU);
    if ((byte & 0xc0U) != 0x80)
      return false;
    bool surrogate = code_ >= 0xd800 && code_ <= 0xdfff;
    bool control = code_ >= 0x80 && code_ <= 0x9f;
    return missing_ > 0 || (code_ >= minimum_ && code_ <= 0x10ffff && !surrogate && !control);
  }
  if (byte < 0x80)
    return is_printable(byte) || is_line_byte(byte);
  missing_ = byte >= 0xf0 ? 3 : byte >= 0xe0 ? 2 : 1;
  minimum_ = missing_ == 3 ? 0x10000 : missing_ == 2 ? 0x800 : 0x80;
  code_ = byte & (0x3fU >> missing_);
  return byte >= 0xc2 && byte <= 0xf4;
}

BodyKind body_kind(std::string_view encoding, bool is_text, std::string_view charset) {
  if (encoding == "base64")
    return BodyKind::base64;
  if (encoding == "quoted-printable")
    return BodyKind::quoted_printable;
  bool is_8bit = encoding == "8bit";
  if (!is_8bit && encoding != "binary" && encoding != "7bit" && !encoding.empty())
    return BodyKind::impossible;
  if (encoding == "binary" &&
      (!is_text || charset.starts_with("utf-16") || charset.starts_with("utf-32")))
    return BodyKind::binary;
  BodyKind kind = is_text ? kind_of_charset(charset) : BodyKind::other_8bit;
  if (is_8bit || encoding == "binary")
    return kind;
  // Some software gives no encoding where it should say 8bit; of that, UTF-8 is told from
  // random bytes well enough.
  bool may_be_8bit = encoding.empty() && kind == BodyKind::utf8;
  return may_be_8bit || kind == BodyKind::escaped ? kind : BodyKind::ascii;
}

bool BodyCheck::take_base64(unsigned char byte) {
  if (byte == '\r' || byte == '\n' || byte == ' ' || byte == '\t')
    return true;
  characters_++;
  if (byte == '=')
    return ++padding_ <= 2;
  return is_base64(byte) && padding_ == 0;
}

bool BodyCheck::take_quoted(unsigned char byte) {
  bool blank = byte == ' ' || byte == '\t';
  switch (quoted_) {
  case Quoted::none:
    quoted_ = byte == '=' ? Quoted::equals : Quoted::none;
    return is_printable(byte) || is_line_byte(byte);
  case Quoted::equals:
    quoted_ = is_hex_digit(byte) ? Quoted::digit : blank ? Quoted::blanks : Quoted::none;
    return quoted_ != Quoted::none || byte == '\r' || byte == '\n';
  case Quoted::digit: quoted_ = Quoted::none; return is_hex_digit(byte);
  case Quoted::blanks:
    quoted_ = blank ? Quoted::blanks : Quoted::none;
    return blank || byte == '\r' || byte == '\n';
  }
  return false;
}

bool BodyCheck::take_text(unsigned char byte) {
  switch (kind_) {
  case BodyKind::utf8: return utf8_.take(byte);
  case BodyKind::latin: return byte >= 0xa0 || is_printable(byte) || is_line_byte(byte);
  case BodyKind::other_8bit: return byte >= 0x80 || is_printable(byte) || is_line_byte(byte);
  case BodyKind::escaped: return byte == 0x1b || is_printable(byte) || is_line_byte(byte);
  case BodyKind::ascii: return is_printable(byte) || is_line_byte(byte);
  case BodyKind::binary: return true;
  case BodyKind::base64:
  case BodyKind::quoted_printable:
  case BodyKind::impossible: break;
  }
  return false;
}

bool BodyCheck::take(unsigned char byte) {
  bool split = after_cr_ && byte != '\n' && kind_ != BodyKind::binary;
  after_cr_ = byte == '\r';
  bool right = kind_ == BodyKind::base64             ? take_base64(byte)
               : kind_ == BodyKind::quoted_printable ? take_quoted(byte)
                                                     : take_text(byte);
  return right && !split;
}

void BodyCheck::feed(Bytes bytes) {
  bool wrong = false;
  for (unsigned char byte : bytes)
    wrong |= !take(byte);
  wrong_ = wrong_ || wrong;
}

bool BodyCheck::is_right() const {
  return !wrong_ && (!after_cr_ || kind_ == BodyKind::binary) && kind_ != BodyKind::impossible &&
         characters_ % 4 == 0 && utf8_.at_boundary() &&
         (quoted_ == Quoted::none || quoted_ == Quoted::equals);
}

} // namespace smime
