// The HTTP server: connections, their bounds, and requests on their way to Desk::decide().
#ifndef SMIME_DESK_SERVICE_H
#define SMIME_DESK_SERVICE_H

#include "desk/web/desk.h"
#include "desk/web/worker-link.h"

#include <memory>

struct master_service_connection;

namespace smime::desk {

// Of this process, which has one.
class Service {
public:
  Service(Desk desk, std::unique_ptr<WorkerLink> worker);
  ~Service();
  Service(const Service &) = delete;
  Service &operator=(const Service &) = delete;

  // In the event loop, before the first connection.
  void start();
  void accept(master_service_connection &connection);

  // For the callbacks of the event loop.
  struct State;

private:
  std::unique_ptr<State> state_;
};

} // namespace smime::desk

#endif
