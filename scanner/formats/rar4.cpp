#include "scanner/formats/rar4.h"

#include <algorithm>
#include <string_view>

namespace smime {
namespace {

using namespace std::string_view_literals;

constexpr std::string_view marker = "Rar!\x1a\7\0"sv;
constexpr std::size_t header_size = 7;
// With the part of a file's header that has a size of 64 bits.
constexpr std::size_t wanted = 36;

constexpr unsigned char type_archive = 0x73;
constexpr unsigned char type_file = 0x74;
constexpr unsigned char type_service = 0x7a;
constexpr unsigned char type_end = 0x7b;

constexpr unsigned flag_volume = 1;
constexpr unsigned flag_comment = 2;
constexpr unsigned flag_headers_encrypted = 0x80;
constexpr unsigned flag_split = 3;
constexpr unsigned flag_encrypted = 4;
constexpr unsigned flag_large = 0x100;
constexpr unsigned flag_has_data = 0x8000;
constexpr unsigned flag_next_volume = 1;

std::uint64_t number(Bytes bytes, std::size_t at, std::size_t size) {
  std::uint64_t value = 0;
  for (std::size_t i = size; i > 0; i--)
    value = value << 8U | (at + i <= bytes.size() ? bytes[at + i - 1] : 0U);
  return value;
}

} // namespace

// The header at the buffer's beginning. False if the buffer does not hold enough of it.
bool Rar4Headers::take_header() {
  Bytes bytes = buffer_;
  if (bytes.size() < header_size)
    return false;
  unsigned char type = bytes[2];
  auto flags = static_cast<unsigned>(number(bytes, 3, 2));
  std::uint64_t size = number(bytes, 5, 2);
  if (bytes.size() < std::min<std::uint64_t>(size, wanted))
    return false;
  bool is_file = type == type_file || type == type_service;
  if (type == type_archive) {
    volume_ = volume_ || (flags & flag_volume) != 0;
    old_comment_ = (flags & flag_comment) != 0;
    encrypted_ = encrypted_ || (flags & flag_headers_encrypted) != 0;
  } else if (is_file) {
    volume_ = volume_ || (flags & flag_split) != 0;
    encrypted_ = encrypted_ || (flags & flag_encrypted) != 0;
  } else if (type == type_end) {
    volume_ = volume_ || (flags & flag_next_volume) != 0;
    end_ = position_ - bytes.size() + size;
  }
  std::uint64_t data = is_file || (flags & flag_has_data) != 0 ? number(bytes, 7, 4) : 0;
  if (is_file && (flags & flag_large) != 0)
    data |= number(bytes, 32, 4) << 32U;
  // Behind encrypted headers, and where there is no archive, nothing can be told.
  ended_ = size < header_size || type < 0x72 || type >= type_end ||
           (type == type_archive && (flags & flag_headers_encrypted) != 0);
  skip_ = ended_ ? 0 : size + data;
  return true;
}

void Rar4Headers::feed(Bytes bytes) {
  while (!ended_ && !bytes.empty()) {
    if (skip_ > 0) {
      auto skipped = static_cast<std::size_t>(std::min<std::uint64_t>(skip_, bytes.size()));
      skip_ -= skipped;
      position_ += skipped;
      bytes = bytes.subspan(skipped);
      continue;
    }
    std::size_t taken = std::min(bytes.size(), wanted - buffer_.size());
    buffer_.insert(buffer_.end(), bytes.begin(),
                   bytes.begin() + static_cast<std::ptrdiff_t>(taken));
    bytes = bytes.subspan(taken);
    position_ += taken;
    if (first_ && buffer_.size() >= marker.size()) {
      first_ = false;
      ended_ =
          !std::equal(marker.begin(), marker.end(), buffer_.begin(),
                      [](char a, unsigned char b) { return static_cast<unsigned char>(a) == b; });
      buffer_.erase(buffer_.begin(), buffer_.begin() + marker.size());
    }
    // What is behind the header in the buffer belongs to what is skipped, or to the next one.
    while (!ended_ && !first_ && take_header()) {
      auto passed = static_cast<std::size_t>(std::min<std::uint64_t>(skip_, buffer_.size()));
      buffer_.erase(buffer_.begin(), buffer_.begin() + static_cast<std::ptrdiff_t>(passed));
      skip_ -= passed;
      if (skip_ > 0)
        break;
    }
  }
}

} // namespace smime
