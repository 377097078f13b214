// One connection of the web process: requests come in frames, and answers go out as they are
// ready, in any order.
#ifndef SMIME_DESK_CONNECTION_H
#define SMIME_DESK_CONNECTION_H

#include "desk/protocol/frames.h"
#include "desk/worker/desk.h"
#include "plugin/dovecot/ptr.h"

#include <memory>

namespace smime::desk {

class Connection : public AnswerSink, public std::enable_shared_from_this<Connection> {
public:
  // Takes the descriptor. It lives until the other side ends it, or sends what is no request.
  static void begin(Desk &desk, int fd);
  // All connections end: the service does.
  static void end_all();

  Connection(Desk &desk, int fd);
  ~Connection() override;
  Connection(const Connection &) = delete;
  Connection &operator=(const Connection &) = delete;

  void send(const Answer &answer) override;
  bool is_full() const override;
  bool is_gone() const override { return fd_ < 0; }

  // For the event loop.
  void read_requests();
  int flush();

private:
  bool take_frame(const std::string &json);
  void end(const char *why);

  Desk &desk_;
  int fd_;
  io *io_ = nullptr;
  OstreamPtr output_;
  FrameReader reader_{max_request_frame};
};

} // namespace smime::desk

#endif
