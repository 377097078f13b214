// A connection of the socket protocol, from the scanner's side.
#ifndef SMIME_SERVICE_H
#define SMIME_SERVICE_H

#include "scanner/inspection/inspection.h"
#include "scanner/process/connection-places.h"
#include "scanner/process/key-process.h"
#include "scanner/process/peers.h"

#include <functional>

namespace smime {

// What a connection is served with. Everything outlives the call.
struct ServiceTerms {
  const Limits &limits;
  // Without the escrow key for those who are not trusted.
  const Tools &tools;
  // Null without that key.
  KeyProcess *keys;
  const Peers &peers;
  // For those who are not trusted; null if they are not counted.
  ConnectionPlaces *places;
  // The process's first so many listeners are looked at for others who wait.
  unsigned listeners;
  // Whether another process should do the next request.
  std::function<bool()> is_outdated;
};

// Serves the requests that come over fd (a connected stream socket, made
// blocking) one after the other and leaves fd open. Returns when the other side
// ends, does not speak the protocol, is idle, or when another connection waits, or
// is_outdated(). One who is not trusted is told "busy" beyond max_user_connections, has
// max_request_milliseconds for its one request, and must not pause for longer in its message.
// A request that hangs or spins beyond limits.timeout is answered by a signal handler, with
// a report that says so, and ends the process.
void serve_connection(int fd, const ServiceTerms &terms);

} // namespace smime

#endif
