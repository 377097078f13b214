// What programs fill files up with: nothing that anybody reads.
#ifndef SMIME_PADDING_H
#define SMIME_PADDING_H

#include "common/byte-sink.h"

#include <algorithm>
#include <cstddef>

namespace smime {

// Fewer bytes behind the end of a file or an object hold nothing: checksums, line ends, padding.
inline constexpr std::size_t least_behind = 32;

inline bool is_padding(unsigned char byte) {
  return byte == 0 || byte == '\r' || byte == '\n' || byte == ' ';
}

inline Bytes without_padding_in_front(Bytes bytes) {
  auto first = std::find_if_not(bytes.begin(), bytes.end(), is_padding);
  return bytes.subspan(static_cast<std::size_t>(first - bytes.begin()));
}

} // namespace smime

#endif
