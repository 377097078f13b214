#include "window.h"

#include <algorithm>

namespace smime {
namespace {

constexpr std::size_t step = 256 * 1024;
constexpr std::size_t max_tail = 1024 * 1024;

} // namespace

Bytes Window::feed_head(Bytes bytes) {
  while (!head_full_ && !bytes.empty()) {
    if (head_.size() == borrowed_) {
      std::size_t granted = inspection_.borrow(std::max(step, borrowed_ / 2));
      borrowed_ += granted;
      head_.reserve(borrowed_);
      head_full_ = granted == 0;
      continue;
    }
    std::size_t taken = std::min(bytes.size(), borrowed_ - head_.size());
    head_.insert(head_.end(), bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(taken));
    size_ += taken;
    bytes = bytes.subspan(taken);
  }
  return bytes;
}

void Window::feed(Bytes bytes) {
  bytes = feed_head(bytes);
  if (!bytes.empty())
    feed_tail(bytes);
}

void Window::feed_tail(Bytes bytes) {
  if (tail_.empty())
    tail_.resize(max_tail);
  while (!bytes.empty()) {
    auto at = static_cast<std::size_t>(size_ % max_tail);
    std::size_t taken = std::min(bytes.size(), max_tail - at);
    std::copy_n(bytes.begin(), taken, tail_.begin() + static_cast<std::ptrdiff_t>(at));
    size_ += taken;
    tail_used_ = std::min(max_tail, tail_used_ + taken);
    bytes = bytes.subspan(taken);
  }
}

bool Window::in_gap(std::uint64_t offset) const {
  return offset >= head_.size() && offset < tail_start();
}

std::size_t Window::read(std::uint64_t offset, unsigned char *to, std::size_t length) const {
  if (offset < head_.size()) {
    auto at = static_cast<std::size_t>(offset);
    std::size_t taken = std::min(length, head_.size() - at);
    std::copy_n(head_.begin() + static_cast<std::ptrdiff_t>(at), taken, to);
    return taken;
  }
  if (offset < tail_start() || offset >= size_)
    return 0;
  auto at = static_cast<std::size_t>(offset % max_tail);
  std::size_t taken = std::min({length, max_tail - at, static_cast<std::size_t>(size_ - offset)});
  std::copy_n(tail_.begin() + static_cast<std::ptrdiff_t>(at), taken, to);
  return taken;
}

} // namespace smime
