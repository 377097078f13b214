// A bounded copy of content that flows by, for readers that have to move about
// in it: all of it while there is room, else its beginning and its end.
#ifndef SMIME_WINDOW_H
#define SMIME_WINDOW_H

#include "scanner/inspection/inspection.h"

#include <cstdint>
#include <cstdlib>
#include <memory>
#include <vector>

namespace smime {

class Window {
public:
  explicit Window(Inspection &inspection) : inspection_(inspection) {}
  ~Window() { inspection_.give_back(borrowed_); }
  Window(const Window &) = delete;
  Window &operator=(const Window &) = delete;

  void feed(Bytes bytes);
  // Takes as much of bytes as there is room for and returns the rest.
  Bytes feed_head(Bytes bytes);

  std::uint64_t size() const { return size_; }
  bool whole() const { return size_ == head_size_; }
  Bytes head() const { return {head_.get(), head_size_}; }
  // Copies up to length bytes at offset. Returns how many; less where the copy
  // has a gap or the content ends.
  std::size_t read(std::uint64_t offset, unsigned char *to, std::size_t length) const;
  // Whether the byte at offset was not kept.
  bool in_gap(std::uint64_t offset) const;
  // Where the first byte is from offset on that was kept.
  std::uint64_t kept_from(std::uint64_t offset) const {
    return in_gap(offset) ? tail_start() : offset;
  }

private:
  void grow(std::size_t wanted);
  void feed_tail(Bytes bytes);
  std::uint64_t tail_start() const { return size_ - tail_used_; }

  Inspection &inspection_;
  std::size_t borrowed_ = 0;
  // By realloc(), which moves large blocks without holding two copies.
  struct Free {
    void operator()(unsigned char *bytes) const { std::free(bytes); }
  };
  std::unique_ptr<unsigned char, Free> head_;
  std::size_t head_size_ = 0;
  bool head_full_ = false;
  std::vector<unsigned char> tail_; // a ring
  std::size_t tail_used_ = 0;
  std::uint64_t size_ = 0;
};

} // namespace smime

#endif
