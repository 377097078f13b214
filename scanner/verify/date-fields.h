// When a message says that it was written: its Date fields.
#ifndef SMIME_DATE_FIELDS_H
#define SMIME_DATE_FIELDS_H

#include "common/byte-sink.h"

#include <cstdint>
#include <optional>

namespace smime {

struct DateFields {
  // Seconds since 1970, of all that can be read.
  std::optional<std::int64_t> earliest;
  std::optional<std::int64_t> latest;

  // One whole field without its name.
  void add(Bytes value);
  // The one that is more than bound seconds from time, to either side.
  std::optional<std::int64_t> far_from(std::int64_t time, std::int64_t bound) const;
};

} // namespace smime

#endif
