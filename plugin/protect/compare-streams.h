// Whether two streams are the same message, whatever the storage made of its line ends.
#ifndef SMIME_COMPARE_STREAMS_H
#define SMIME_COMPARE_STREAMS_H

#include "plugin/dovecot/ptr.h"

#include <cstdint>
#include <optional>
#include <string>

namespace smime {

struct Comparison {
  bool same = false;
  // Of the first byte that differs, in canonical form.
  std::uint64_t offset = 0;
  // One has CR CR LF, or CRs at the end, where the other has not.
  bool odd_crs = false;
};

// Compares two streams from their present positions, LF, CR LF and CR CR LF
// being one and the same, and CRs at the end nothing. Nullopt with error set if one of them cannot
// be read.
std::optional<Comparison> compare(istream *a, istream *b, std::string &error);

} // namespace smime

#endif
