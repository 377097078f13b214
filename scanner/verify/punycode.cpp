#include "scanner/verify/punycode.h"

#include "common/ascii.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <vector>

namespace smime {
namespace {

constexpr std::size_t max_label = 63;

// RFC 3492 section 5.
constexpr std::uint32_t base = 36;
constexpr std::uint32_t t_min = 1;
constexpr std::uint32_t t_max = 26;
constexpr std::uint32_t skew = 38;
constexpr std::uint32_t damp = 700;
constexpr std::uint32_t initial_bias = 72;
constexpr std::uint32_t initial_n = 128;

std::optional<std::vector<std::uint32_t>> letters_of(std::string_view text) {
  std::vector<std::uint32_t> letters;
  for (std::size_t at = 0; at < text.size();) {
    auto byte = static_cast<unsigned char>(text[at++]);
    std::size_t more = byte < 0x80 ? 0 : byte < 0xe0 ? 1 : byte < 0xf0 ? 2 : 3;
    if ((byte >= 0x80 && byte < 0xc2) || byte > 0xf4 || at + more > text.size())
      return std::nullopt;
    std::uint32_t letter = more == 0 ? byte : byte & (0x3fU >> more);
    for (; more > 0; more--) {
      auto next = static_cast<unsigned char>(text[at++]);
      if ((next & 0xc0U) != 0x80)
        return std::nullopt;
      letter = (letter << 6) | (next & 0x3fU);
    }
    letters.push_back(letter);
  }
  return letters;
}

char digit_of(std::uint32_t value) {
  return static_cast<char>(value < 26 ? 'a' + value : '0' + (value - 26));
}

// Section 6.1.
std::uint32_t adapted(std::uint32_t delta, std::uint32_t points, bool first) {
  delta = first ? delta / damp : delta / 2;
  delta += delta / points;
  std::uint32_t k = 0;
  for (; delta > (base - t_min) * t_max / 2; k += base)
    delta /= base - t_min;
  return k + (base - t_min + 1) * delta / (delta + skew);
}

void write_number(std::uint32_t number, std::uint32_t bias, std::string &text) {
  for (std::uint32_t k = base;; k += base) {
    std::uint32_t t = k <= bias ? t_min : std::min(k - bias, t_max);
    if (number < t)
      break;
    text += digit_of(t + (number - t) % (base - t));
    number = (number - t) / (base - t);
  }
  text += digit_of(number);
}

// Section 6.3. At most max_label letters, so that no number here is too large for its type.
std::string encoded(const std::vector<std::uint32_t> &letters) {
  std::string text;
  for (std::uint32_t letter : letters) {
    if (letter < initial_n)
      text += lower(static_cast<char>(letter));
  }
  std::uint32_t done = static_cast<std::uint32_t>(text.size());
  const std::uint32_t basic = done;
  if (basic > 0)
    text += '-';
  std::uint32_t bias = initial_bias;
  std::uint32_t delta = 0;
  for (std::uint32_t n = initial_n; done < letters.size(); n++, delta++) {
    std::uint32_t next = UINT32_MAX;
    for (std::uint32_t letter : letters)
      next = letter >= n ? std::min(next, letter) : next;
    delta += (next - n) * (done + 1);
    n = next;
    for (std::uint32_t letter : letters) {
      delta += letter < n ? 1 : 0;
      if (letter != n)
        continue;
      write_number(delta, bias, text);
      bias = adapted(delta, done + 1, done == basic);
      delta = 0;
      done++;
    }
  }
  return "xn--" + text;
}

std::string ascii_label(std::string_view label) {
  bool is_ascii = std::all_of(label.begin(), label.end(),
                              [](char c) { return static_cast<unsigned char>(c) < 0x80; });
  // Four bytes a letter at most.
  auto letters = is_ascii || label.size() > 4 * max_label ? std::nullopt : letters_of(label);
  if (!letters || letters->size() > max_label)
    return lower(label);
  std::string text = encoded(*letters);
  return text.size() > max_label ? lower(label) : text;
}

} // namespace

std::string ascii_domain(std::string_view domain) {
  std::string result;
  for (;;) {
    auto dot = std::min(domain.find('.'), domain.size());
    result += ascii_label(domain.substr(0, dot));
    if (dot == domain.size())
      return result;
    result += '.';
    domain.remove_prefix(dot + 1);
  }
}

} // namespace smime
