// What the charset of an encoded word lets a reader see. The scanner's sandbox has no file, so
// iconv's modules cannot be loaded there: what matters of each charset that iconv knows stands
// here, and a unit test holds it against iconv.
#ifndef SMIME_CHARSET_H
#define SMIME_CHARSET_H

#include <cstdint>
#include <string_view>

namespace smime {

enum class Charset : std::uint8_t {
  plain,   // each letter of ASCII is itself, and what is not decoded can be read all the same
  hiding,  // other letters are written with the bytes of ASCII's
  unknown, // most readers show the bytes as they are
};

// By any name that mail programs give it, in small letters.
Charset charset_of(std::string_view name);

// Whether bytes in that charset may have a letter that looks like "@" (U+FF20, U+FE6B): GB 2312
// and KS X 1001, Shift_JIS, EUC-JP, Big5, EUC-TW; and in seven bits (ISO-2022, HZ).
bool has_wide_at(std::string_view charset, std::string_view bytes);
// The same of bytes above ASCII whose charset nobody names: readers take it for that of their own
// country.
bool may_have_wide_at(std::string_view bytes);

} // namespace smime

#endif
