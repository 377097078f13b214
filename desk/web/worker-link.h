// The connection to the worker: requests go out as they come, answers come in any order.
#ifndef SMIME_DESK_WORKER_LINK_H
#define SMIME_DESK_WORKER_LINK_H

#include "desk/protocol/answer.h"
#include "desk/protocol/frames.h"
#include "desk/protocol/request.h"
#include "plugin/dovecot/ptr.h"

#include <cstdint>
#include <ctime>
#include <functional>
#include <map>
#include <memory>
#include <string>

namespace smime::desk {

class WorkerLink {
public:
  // more: further answers to the same request follow.
  using Taker = std::function<void(AnswerBody body, bool more)>;

  // Connects; null with error set. Nothing is read before start().
  static std::unique_ptr<WorkerLink> connect(const std::string &path, std::string &error);
  ~WorkerLink();
  WorkerLink(const WorkerLink &) = delete;
  WorkerLink &operator=(const WorkerLink &) = delete;

  // ended: called once when the connection is gone, with all that waited answered "unavailable".
  void start(std::function<void()> ended);
  // The taker is called later, never from here; what takes too long is answered "unavailable".
  // Returns a number for forget().
  std::uint64_t send(Request request, Taker taker);
  void forget(std::uint64_t number);
  bool is_gone() const { return ended_; }

  // For the event loop.
  void read_answers();
  void look_at_clock();

private:
  struct Waiting {
    std::string type;
    time_t until = 0;
    Taker taker;
  };

  explicit WorkerLink(int fd);
  void take_frame(const std::string &json);
  void answer(std::uint64_t number, AnswerBody body, bool more);
  void end(const char *why);

  int fd_;
  io *io_ = nullptr;
  timeout *clock_ = nullptr;
  OstreamPtr output_;
  FrameReader reader_{max_answer_frame};
  std::map<std::uint64_t, Waiting> waiting_;
  std::uint64_t last_ = 0;
  bool ended_ = false;
  std::function<void()> on_end_;
};

} // namespace smime::desk

#endif
