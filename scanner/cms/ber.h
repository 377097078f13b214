// The few BER rules (X.690 section 8) that a reader needs who gets an object in
// pieces: an element's header, and where an element ends. Headers are read by
// OpenSSL.
#ifndef SMIME_BER_H
#define SMIME_BER_H

#include "common/byte-sink.h"

#include <cstddef>
#include <optional>

namespace smime {

// One element. Its content may end beyond the bytes at hand; content is what is
// there of it and of what follows it.
struct BerElement {
  int tag = 0;
  int tag_class = 0;
  bool constructed = false;
  bool indefinite = false;
  std::size_t length = 0;
  std::size_t header_size = 0;
  Bytes content;

  bool is(int wanted_tag, int wanted_class = 0) const {
    return tag == wanted_tag && tag_class == wanted_class;
  }
  bool is_end_of_contents() const { return is(0) && !constructed && length == 0; }
};

// nullopt if the bytes do not begin with a whole header; see is_partial_header().
std::optional<BerElement> read_element(Bytes bytes);

// Whether bytes may be the beginning of a header that goes on behind them.
bool is_partial_header(Bytes bytes);

// How much of bytes the first element takes, header and end-of-contents
// included; nullopt if it does not end in them or is broken. depth bounds
// nested indefinite lengths.
std::optional<std::size_t> element_size(Bytes bytes, unsigned depth = 0);

} // namespace smime

#endif
