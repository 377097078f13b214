#include "scanner/inspection/window.h"

#include <algorithm>
#include <new>

namespace smime {
namespace {

constexpr std::size_t step = 256 * 1024;
constexpr std::size_t max_tail = 1024 * 1024;

} // namespace

Bytes Window::feed_head(Bytes bytes) {
  while (!head_full_ && !bytes.empty()) {
    if (head_size_ == borrowed_) {
      grow(std::max(step, borrowed_ / 2));
      continue;
    }
    std::size_t taken = std::min(bytes.size(), borrowed_ - head_size_);
    std::copy_n(bytes.begin(), taken, head_.get() + head_size_);
    head_size_ += taken;
    size_ += taken;
    bytes = bytes.subspan(taken);
  }
  return bytes;
}

void Window::grow(std::size_t wanted) {
  std::size_t granted = inspection_.borrow(wanted);
  head_full_ = granted == 0;
  if (head_full_)
    return;
  borrowed_ += granted;
  void *larger = std::realloc(head_.get(), borrowed_);
  if (larger == nullptr)
    throw std::bad_alloc();
  (void)head_.release();
  head_.reset(static_cast<unsigned char *>(larger));
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
  return offset >= head_size_ && offset < tail_start();
}

std::size_t Window::read(std::uint64_t offset, unsigned char *to, std::size_t length) const {
  if (offset < head_size_) {
    auto at = static_cast<std::size_t>(offset);
    std::size_t taken = std::min(length, head_size_ - at);
    std::copy_n(head_.get() + at, taken, to);
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
