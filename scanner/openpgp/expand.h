// The content of compressed packets (RFC 9580 section 5.6): ZIP, ZLIB, BZip2, and none.
#ifndef SMIME_OPENPGP_EXPAND_H
#define SMIME_OPENPGP_EXPAND_H

#include "common/byte-sink.h"

#include <memory>
#include <vector>

namespace smime {

class Expander {
public:
  virtual ~Expander() = default;

  // Takes bytes off the front of what is compressed and appends what comes out, in pieces: at
  // most piece_size a call. False once nothing more comes, or if it is damaged.
  virtual bool expand(Bytes &bytes, std::vector<unsigned char> &output) = 0;
  // It has ended as it should.
  virtual bool has_ended() const = 0;

  static constexpr std::size_t piece_size = 16384;
};

// Of the algorithm with that number (RFC 9580 section 9.4). Null if nobody knows it.
std::unique_ptr<Expander> make_expander(unsigned char algorithm);

enum class Expanded : unsigned char { unknown, damaged, nothing_yet, something };

// Of the first bytes of a compressed packet's body: what comes out first.
Expanded look_into_compressed(Bytes body, std::vector<unsigned char> &output);

} // namespace smime

#endif
