// What goes over the socket between the desk's web process and its worker: four bytes of length,
// big-endian, and as many bytes of JSON. No Dovecot header.
#ifndef SMIME_DESK_FRAMES_H
#define SMIME_DESK_FRAMES_H

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace smime::desk {

// In bytes of JSON. A frame that says that it is longer ends the connection.
inline constexpr std::size_t max_request_frame = 256UL * 1024;
inline constexpr std::size_t max_answer_frame = 8UL * 1024 * 1024;

// The text with its length before it. The caller keeps the bounds.
std::string frame_of(std::string_view json);

// Takes bytes as they come and gives out whole frames.
class FrameReader {
public:
  // most: max_request_frame or max_answer_frame.
  explicit FrameReader(std::size_t most) : most_(most) {}

  void add(std::string_view bytes);
  // The next whole frame's JSON; nullopt if there is none yet, or no more after is_broken().
  std::optional<std::string> next();
  // A frame is too long, or empty: what follows cannot be read.
  bool is_broken() const { return broken_; }

private:
  std::size_t most_;
  std::string pending_;
  bool broken_ = false;
};

} // namespace smime::desk

#endif
