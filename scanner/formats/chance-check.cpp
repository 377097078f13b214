#include "scanner/formats/chance-check.h"

#include <algorithm>

namespace smime {
namespace {

constexpr std::uint64_t small_block = 4096;
constexpr double most_of_small_block = 400;
// A third of a file, so that what stands in front may be as long as what is hidden.
constexpr std::uint64_t least_share = 3;

} // namespace

void ByteCounts::add(Bytes bytes) {
  size_ += bytes.size();
  for (unsigned char byte : bytes)
    counts_[byte]++;
}

double ByteCounts::deviation() const {
  double expected = static_cast<double>(size_) / static_cast<double>(counts_.size());
  double sum = 0;
  for (std::uint64_t count : counts_) {
    double difference = static_cast<double>(count) - expected;
    sum += difference * difference / expected;
  }
  return sum;
}

std::uint64_t ChanceCheck::block_size() const {
  return of_ == Of::plain ? small_block : many_bytes;
}

bool ChanceCheck::is_like_chance() const {
  return block_.deviation() < (of_ == Of::plain ? most_of_small_block : most_of_chance);
}

void ChanceCheck::feed(Bytes bytes) {
  size_ += bytes.size();
  while (!bytes.empty()) {
    auto missing = static_cast<std::size_t>(block_size() - block_.size());
    Bytes taken = bytes.first(std::min(bytes.size(), missing));
    block_.add(taken);
    bytes = bytes.subspan(taken.size());
    if (block_.size() == block_size())
      end_block();
  }
}

void ChanceCheck::end_block() {
  bool is_like = is_like_chance();
  in_a_row_ = is_like ? in_a_row_ + block_.size() : 0;
  like_chance_ += is_like ? block_.size() : 0;
  found_run_ = found_run_ || (of_ == Of::plain && in_a_row_ >= many_bytes);
  block_ = {};
}

bool ChanceCheck::found() const {
  // Of a block that is not complete, and still tells something.
  std::uint64_t least = of_ == Of::plain ? few_bytes : many_bytes / 2;
  std::uint64_t like = like_chance_;
  if (block_.size() >= least && is_like_chance())
    like += block_.size();
  return found_run_ || (like >= least && like * least_share >= size_);
}

} // namespace smime
