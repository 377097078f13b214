// Whether a file is of encrypted bytes behind what it begins with. Compressed bytes look like
// chance as long as they are few: of what may be compressed only much of it tells.
#ifndef SMIME_CHANCE_CHECK_H
#define SMIME_CHANCE_CHECK_H

#include "common/byte-sink.h"

#include <array>
#include <cstdint>

namespace smime {

// Pearson's test of how often each value was there.
class ByteCounts {
public:
  void add(Bytes bytes);
  std::uint64_t size() const { return size_; }
  // 255 of encrypted bytes, with a deviation of 23, whatever their number; more of all others.
  double deviation() const;

private:
  std::array<std::uint64_t, 256> counts_{};
  std::uint64_t size_ = 0;
};

// Of so many bytes the deviation tells encrypted ones from those that zlib, JPEG and Zstandard
// make, which are above this by far; those of an arithmetic coder may be below.
inline constexpr std::uint64_t many_bytes = 64UL * 1024;
inline constexpr double most_of_chance = 340;
// Of fewer nothing can be said.
inline constexpr std::uint64_t few_bytes = 512;

class ChanceCheck {
public:
  // plain: nothing in it is compressed. dense: anything may be.
  enum class Of : bool { plain, dense };
  explicit ChanceCheck(Of of) : of_(of) {}

  void feed(Bytes bytes);
  // Of all bytes so far.
  bool found() const;

private:
  std::uint64_t block_size() const;
  bool is_like_chance() const;
  void end_block();

  Of of_;
  std::uint64_t size_ = 0;
  ByteCounts block_;
  std::uint64_t like_chance_ = 0;
  std::uint64_t in_a_row_ = 0;
  bool found_run_ = false;
};

} // namespace smime

#endif
