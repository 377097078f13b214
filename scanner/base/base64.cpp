#include "scanner/base/base64.h"

#include <array>
#include <string_view>

namespace smime {
namespace {

constexpr unsigned char skipped = 64;
constexpr unsigned char padding = 65;

constexpr std::array<unsigned char, 256> make_table() {
  std::array<unsigned char, 256> table{};
  table.fill(skipped);
  constexpr std::string_view alphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  for (std::size_t i = 0; i < alphabet.size(); i++)
    table[static_cast<unsigned char>(alphabet[i])] = static_cast<unsigned char>(i);
  table['='] = padding;
  return table;
}

constexpr auto table = make_table();

} // namespace

void Base64Decoder::decode(Bytes bytes, std::vector<unsigned char> &output) {
  std::size_t used = output.size();
  output.resize(used + bytes.size() / 4 * 3 + 6);
  unsigned char *to = output.data() + used;
  const unsigned char *at = bytes.data();
  const unsigned char *end = at + bytes.size();
  while (at < end) {
    // Whole quanta, as nearly all of a text is.
    while (count_ == 0 && end - at >= 4) {
      unsigned char a = table[at[0]], b = table[at[1]], c = table[at[2]], d = table[at[3]];
      if (((a | b | c | d) & 0xc0U) != 0)
        break;
      to[0] = static_cast<unsigned char>(a << 2 | b >> 4);
      to[1] = static_cast<unsigned char>(b << 4 | c >> 2);
      to[2] = static_cast<unsigned char>(c << 6 | d);
      to += 3;
      at += 4;
    }
    if (at >= end)
      break;
    unsigned char value = table[*at++];
    if (value == skipped)
      continue;
    if (value == padding) {
      if (count_ >= 2)
        *to++ = static_cast<unsigned char>(bits_ >> (count_ * 6 - 8));
      if (count_ == 3)
        *to++ = static_cast<unsigned char>(bits_ >> 2);
      bits_ = 0;
      count_ = 0;
      continue;
    }
    bits_ = bits_ << 6 | value;
    if (++count_ == 4) {
      *to++ = static_cast<unsigned char>(bits_ >> 16);
      *to++ = static_cast<unsigned char>(bits_ >> 8);
      *to++ = static_cast<unsigned char>(bits_);
      bits_ = 0;
      count_ = 0;
    }
  }
  output.resize(static_cast<std::size_t>(to - output.data()));
}

} // namespace smime
