// Numbers and strings of formats that begin with the least significant byte. Whatever is read
// behind the end makes the reader fail, once for all: callers ask at the end.
#ifndef SMIME_LITTLE_ENDIAN_H
#define SMIME_LITTLE_ENDIAN_H

#include "common/byte-sink.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>

namespace smime {

inline std::uint32_t le16(const unsigned char *at) {
  return at[0] | static_cast<std::uint32_t>(at[1]) << 8;
}

inline std::uint32_t le32(const unsigned char *at) { return le16(at) | le16(at + 2) << 16; }

// Of up to eight bytes.
inline std::uint64_t little_endian(Bytes bytes, std::size_t at, std::size_t size) {
  std::uint64_t number = 0;
  for (std::size_t i = size; i > 0; i--)
    number = number << 8U | bytes[at + i - 1];
  return number;
}

class LittleEndian {
public:
  explicit LittleEndian(Bytes bytes) : bytes_(bytes) {}

  std::uint32_t u16() {
    Bytes taken = take(2);
    return taken.empty() ? 0 : le16(taken.data());
  }
  std::uint32_t u32() {
    Bytes taken = take(4);
    return taken.empty() ? 0 : le32(taken.data());
  }
  // The next size bytes, or none if there are fewer.
  Bytes take(std::size_t size) {
    if (size > bytes_.size()) {
      failed_ = true;
      bytes_ = {};
      return {};
    }
    Bytes taken = bytes_.first(size);
    bytes_ = bytes_.subspan(size);
    return taken;
  }
  // Up to a zero byte, which is taken as well.
  std::string c_string() {
    auto end = std::find(bytes_.begin(), bytes_.end(), 0);
    auto size = static_cast<std::size_t>(end - bytes_.begin());
    Bytes taken = take(size + 1);
    return taken.empty() ? std::string() : std::string(taken.begin(), taken.end() - 1);
  }
  Bytes rest() const { return bytes_; }
  bool failed() const { return failed_; }

private:
  Bytes bytes_;
  bool failed_ = false;
};

} // namespace smime

#endif
