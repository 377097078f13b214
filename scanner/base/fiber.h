// Lets a library that asks for its input read what is handed to us piece by
// piece: the library runs on a stack of its own and is put aside while it waits.
#ifndef SMIME_FIBER_H
#define SMIME_FIBER_H

#include "common/byte-sink.h"

#include <cstddef>
#include <functional>
#include <ucontext.h>

namespace smime {

class Fiber {
public:
  // body runs from the first feed() on, must not throw, and gets its input from
  // wait(). It has to return once wait() returns nothing.
  explicit Fiber(std::function<void(Fiber &)> body);
  // Ends the input if nobody did, and lets body return.
  ~Fiber();
  Fiber(const Fiber &) = delete;
  Fiber &operator=(const Fiber &) = delete;

  // Outside: runs body until it wants more than bytes.
  void feed(Bytes bytes);
  void finish();

  // Inside body: the next piece, valid until the next wait(); empty at the end.
  Bytes wait();

private:
  static void enter(unsigned high, unsigned low);
  void resume();

  std::function<void(Fiber &)> body_;
  void *stack_ = nullptr;
  std::size_t stack_size_ = 0;
  ucontext_t inside_{};
  ucontext_t outside_{};
  Bytes input_;
  bool has_input_ = false;
  bool ended_ = false;
  bool returned_ = false;
};

} // namespace smime

#endif
