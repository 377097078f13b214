#include "scanner/base/fiber.h"

#include <cstdint>
#include <new>
#include <sys/mman.h>
#include <unistd.h>
#include <utility>

namespace smime {
namespace {

// Reserved; only what is touched takes memory.
constexpr std::size_t stack_bytes = 1024 * 1024;

} // namespace

Fiber::Fiber(std::function<void(Fiber &)> body) : body_(std::move(body)) {
  auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  stack_size_ = stack_bytes + page;
  stack_ = mmap(nullptr, stack_size_, PROT_READ | PROT_WRITE,
                MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (stack_ == MAP_FAILED)
    throw std::bad_alloc();
  // An overflow meets a page that faults.
  (void)mprotect(stack_, page, PROT_NONE);
  (void)getcontext(&inside_);
  inside_.uc_stack.ss_sp = stack_;
  inside_.uc_stack.ss_size = stack_size_;
  inside_.uc_link = &outside_;
  // makecontext() passes int arguments only.
  auto self = reinterpret_cast<std::uintptr_t>(this);
  makecontext(&inside_, reinterpret_cast<void (*)()>(&Fiber::enter), 2,
              static_cast<unsigned>(self >> 32), static_cast<unsigned>(self));
}

Fiber::~Fiber() {
  finish();
  (void)munmap(stack_, stack_size_);
}

void Fiber::enter(unsigned high, unsigned low) {
  // makecontext() passes numbers alone. NOLINTNEXTLINE(performance-no-int-to-ptr)
  auto *self = reinterpret_cast<Fiber *>(static_cast<std::uintptr_t>(high) << 32 | low);
  self->body_(*self);
  self->returned_ = true;
}

void Fiber::resume() {
  if (!returned_)
    (void)swapcontext(&outside_, &inside_);
}

void Fiber::feed(Bytes bytes) {
  if (bytes.empty())
    return;
  input_ = bytes;
  has_input_ = true;
  resume();
}

void Fiber::finish() {
  if (ended_)
    return;
  ended_ = true;
  resume();
}

Bytes Fiber::wait() {
  while (!has_input_ && !ended_)
    (void)swapcontext(&inside_, &outside_);
  if (!has_input_)
    return {};
  has_input_ = false;
  return input_;
}

} // namespace smime
