#include "desk/protocol/frames.h"

#include <cstdint>

namespace smime::desk {
namespace {

constexpr std::size_t length_size = 4;

std::size_t length_at(std::string_view bytes) {
  std::size_t length = 0;
  for (std::size_t at = 0; at < length_size; at++)
    length = length << 8U | static_cast<unsigned char>(bytes[at]);
  return length;
}

} // namespace

std::string frame_of(std::string_view json) {
  std::string frame;
  frame.reserve(length_size + json.size());
  for (unsigned shift = 32; shift != 0; shift -= 8)
    frame += static_cast<char>(json.size() >> (shift - 8) & 0xFFU);
  frame += json;
  return frame;
}

void FrameReader::add(std::string_view bytes) {
  if (!broken_)
    pending_ += bytes;
}

std::optional<std::string> FrameReader::next() {
  if (broken_ || pending_.size() < length_size)
    return std::nullopt;
  std::size_t length = length_at(pending_);
  if (length == 0 || length > most_) {
    broken_ = true;
    pending_.clear();
    return std::nullopt;
  }
  if (pending_.size() < length_size + length)
    return std::nullopt;
  std::string json = pending_.substr(length_size, length);
  pending_.erase(0, length_size + length);
  return json;
}

} // namespace smime::desk
