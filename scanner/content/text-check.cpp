#include "scanner/content/text-check.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace smime {
namespace {

constexpr bool is_odd(unsigned char c) {
  // What terminals, printers and old programs know: backspace to carriage return, the end of
  // MS-DOS's files, escape.
  return (c < 0x20 && !(c >= 0x08 && c <= 0x0d) && c != 0x1a && c != 0x1b) || c == 0x7f;
}

constexpr std::array<bool, 256> make_table() {
  std::array<bool, 256> table{};
  for (unsigned c = 0; c < table.size(); c++)
    table[c] = is_odd(static_cast<unsigned char>(c));
  return table;
}

constexpr std::array<bool, 256> odd_bytes = make_table();

std::size_t count_odd(Bytes bytes) {
  constexpr std::uint64_t ones = 0x0101010101010101;
  constexpr std::uint64_t high = 0x8080808080808080;
  std::size_t count = 0;
  while (!bytes.empty()) {
    std::size_t size = std::min(bytes.size(), sizeof(std::uint64_t));
    if (size == sizeof(std::uint64_t)) {
      std::uint64_t word;
      std::memcpy(&word, bytes.data(), size);
      // No byte below 0x20, and none that is 0x7f: most of a text.
      std::uint64_t below = (word - ones * 0x20) & ~word & high;
      std::uint64_t del = word ^ (ones * 0x7f);
      if ((below | ((del - ones) & ~del & high)) == 0) {
        bytes = bytes.subspan(size);
        continue;
      }
    }
    for (unsigned char c : bytes.first(size))
      count += odd_bytes[c] ? 1 : 0;
    bytes = bytes.subspan(size);
  }
  return count;
}

} // namespace

// An archive may be spread thin in text, one record a block; its last record is always there.
// Where no byte is odd there is none, so few bytes are searched.
void TextCheck::look_for_zip(Bytes bytes, bool has_odd) {
  constexpr std::string_view end_record = "PK\5\6";
  if (has_odd) {
    std::string text(before_, before_ + 3);
    text.append(bytes.begin(), bytes.end());
    found_other_ = found_other_ || text.find(end_record) != std::string::npos;
  }
  for (unsigned char c : bytes.last(std::min<std::size_t>(bytes.size(), 3))) {
    before_[0] = before_[1];
    before_[1] = before_[2];
    before_[2] = c;
  }
}

void TextCheck::feed(Bytes bytes) {
  while (!bytes.empty()) {
    Bytes taken = bytes.first(std::min(bytes.size(), block_size - in_block_));
    std::size_t odd = count_odd(taken);
    look_for_zip(taken, odd > 0);
    odd_ += odd;
    in_block_ += taken.size();
    bytes = bytes.subspan(taken.size());
    if (in_block_ == block_size)
      end_block();
  }
}

void TextCheck::end_block() {
  found_other_ = found_other_ || !is_text();
  in_block_ = 0;
  odd_ = 0;
}

bool has_wide_letters(Bytes prefix) {
  auto zeros = static_cast<std::size_t>(std::count(prefix.begin(), prefix.end(), '\0'));
  auto letters = static_cast<std::size_t>(std::count_if(
      prefix.begin(), prefix.end(), [](unsigned char c) { return c >= ' ' && c < 0x7f; }));
  return prefix.size() >= 8 && zeros * 8 >= prefix.size() * 3 && letters * 8 >= prefix.size();
}

bool is_text_with_odd_bytes(Bytes prefix, bool labelled) {
  std::size_t zeros = static_cast<std::size_t>(std::count(prefix.begin(), prefix.end(), '\0'));
  auto letters =
      static_cast<std::size_t>(std::count_if(prefix.begin(), prefix.end(), [](unsigned char c) {
        return (c >= ' ' && c < 0x7f) || c == '\n' || c == '\r' || c == '\t';
      }));
  // All that is no zero is a letter.
  if (has_wide_letters(prefix) && (letters + zeros) * 32 >= prefix.size() * 31)
    return true;
  // Of a frame around a message there are two.
  std::size_t most = 2 + prefix.size() / 64;
  if (count_odd(prefix) > most)
    return false;
  return labelled || letters * 4 >= prefix.size() * 3;
}

} // namespace smime
