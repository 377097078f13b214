// Reads numbers and stretches of content that arrives in pieces, on a Fiber: a format is then
// read in the order in which it is written down.
#ifndef SMIME_PIECE_READER_H
#define SMIME_PIECE_READER_H

#include "scanner/base/fiber.h"
#include "scanner/base/little-endian.h"

#include <array>
#include <vector>

namespace smime {

class PieceReader {
public:
  explicit PieceReader(Fiber &fiber) : fiber_(fiber) {}

  // False at the end of the content, or where fewer bytes are left.
  bool read(unsigned char *to, std::size_t size) {
    return each(size, [&](Bytes bytes) { to = std::copy(bytes.begin(), bytes.end(), to); });
  }
  bool skip(std::uint64_t size) {
    return each(size, [](Bytes) {});
  }
  // Gives the next size bytes to take, in pieces.
  template <typename Take> bool each(std::uint64_t size, Take take) {
    while (size > 0) {
      if (piece_.empty() && (piece_ = fiber_.wait()).empty())
        return false;
      Bytes bytes = piece_.first(static_cast<std::size_t>(
          std::min<std::uint64_t>(size, static_cast<std::uint64_t>(piece_.size()))));
      take(bytes);
      piece_ = piece_.subspan(bytes.size());
      size -= bytes.size();
    }
    return true;
  }
  bool u16(std::uint32_t &number) {
    std::array<unsigned char, 2> bytes{};
    bool is_read = read(bytes.data(), bytes.size());
    number = le16(bytes.data());
    return is_read;
  }
  bool u32(std::uint32_t &number) {
    std::array<unsigned char, 4> bytes{};
    bool is_read = read(bytes.data(), bytes.size());
    number = le32(bytes.data());
    return is_read;
  }
  // Of size bytes the first that fit.
  bool read_some(std::uint64_t size, std::vector<unsigned char> &to, std::size_t most) {
    return each(size, [&](Bytes bytes) {
      std::size_t room = most - std::min(most, to.size());
      to.insert(to.end(), bytes.begin(),
                bytes.begin() + static_cast<std::ptrdiff_t>(std::min(room, bytes.size())));
    });
  }
  // Whether there is another byte.
  bool has_more() {
    while (piece_.empty() && !ended_) {
      piece_ = fiber_.wait();
      ended_ = piece_.empty();
    }
    return !piece_.empty();
  }

private:
  Fiber &fiber_;
  Bytes piece_;
  bool ended_ = false;
};

} // namespace smime

#endif
