#include "desk/protocol/base64.h"

#include <cstdint>

namespace smime::desk {
namespace {

constexpr std::string_view alphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

} // namespace

std::string to_base64(std::string_view bytes) {
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t at = 0; at < bytes.size(); at += 3) {
    std::string_view group = bytes.substr(at, 3);
    std::uint32_t bits = 0;
    for (std::size_t place = 0; place < 3; place++)
      bits = bits << 8U | (place < group.size() ? static_cast<unsigned char>(group[place]) : 0U);
    for (std::size_t place = 0; place < 4; place++)
      text += place > group.size() ? '=' : alphabet[bits >> (18 - 6 * place) & 63U];
  }
  return text;
}

std::optional<std::string> from_base64(std::string_view text) {
  if (text.size() % 4 != 0)
    return std::nullopt;
  std::string bytes;
  std::uint32_t bits = 0;
  std::size_t padding = text.ends_with("==") ? 2 : text.ends_with("=") ? 1 : 0;
  for (std::size_t at = 0; at < text.size(); at++) {
    std::size_t value = at >= text.size() - padding ? 0 : alphabet.find(text[at]);
    if (value == std::string_view::npos)
      return std::nullopt;
    bits = bits << 6U | static_cast<std::uint32_t>(value);
    if (at % 4 != 3)
      continue;
    for (unsigned shift = 24; shift != 0; shift -= 8)
      bytes += static_cast<char>(bits >> (shift - 8) & 0xFFU);
    bits = 0;
  }
  bytes.resize(bytes.size() - padding);
  if (to_base64(bytes) != text)
    return std::nullopt;
  return bytes;
}

} // namespace smime::desk
