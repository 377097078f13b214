// Numbers of formats that begin with the most significant byte.
#ifndef SMIME_BIG_ENDIAN_H
#define SMIME_BIG_ENDIAN_H

#include "common/byte-sink.h"

#include <cstdint>

namespace smime {

// Of up to eight bytes.
inline std::uint64_t big_endian(Bytes bytes) {
  std::uint64_t number = 0;
  for (unsigned char byte : bytes)
    number = number << 8U | byte;
  return number;
}

} // namespace smime

#endif
