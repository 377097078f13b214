// Numbers of formats that begin with the most significant byte.
#ifndef SMIME_BIG_ENDIAN_H
#define SMIME_BIG_ENDIAN_H

#include "common/byte-sink.h"

#include <cstddef>
#include <cstdint>

namespace smime {

// Of up to eight bytes.
inline std::uint64_t big_endian(Bytes bytes) {
  std::uint64_t number = 0;
  for (unsigned char byte : bytes)
    number = number << 8U | byte;
  return number;
}

inline std::uint64_t big_endian(Bytes bytes, std::size_t at, std::size_t size) {
  return big_endian(bytes.subspan(at, size));
}

} // namespace smime

#endif
