#include "scanner/formats/chance-check.h"

#include <algorithm>

namespace smime {
namespace {

constexpr std::uint64_t block_size = 4096;
constexpr double most_of_a_block = 400;
// No table of numbers, key or small picture is so many bytes together.
constexpr std::uint64_t long_run = many_bytes;

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

void ChanceCheck::feed(Bytes bytes) {
  all_.add(bytes);
  while (of_ == Of::plain && !bytes.empty()) {
    Bytes taken = bytes.first(
        std::min<std::size_t>(bytes.size(), static_cast<std::size_t>(block_size - block_.size())));
    block_.add(taken);
    bytes = bytes.subspan(taken.size());
    if (block_.size() == block_size)
      end_block();
  }
}

void ChanceCheck::end_block() {
  bool is_like = block_.deviation() < most_of_a_block;
  in_a_row_ = is_like ? in_a_row_ + block_.size() : 0;
  like_chance_ += is_like ? block_.size() : 0;
  found_run_ = found_run_ || in_a_row_ >= long_run;
  block_ = {};
}

bool ChanceCheck::found() const {
  if (of_ == Of::dense)
    return all_.size() >= many_bytes && all_.deviation() < most_of_chance;
  std::uint64_t like = like_chance_;
  if (block_.size() >= few_bytes && block_.deviation() < most_of_a_block)
    like += block_.size();
  return found_run_ || (like >= few_bytes && like * 2 >= all_.size());
}

} // namespace smime
