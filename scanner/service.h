// A connection of the socket protocol, from the scanner's side.
#ifndef SMIME_SERVICE_H
#define SMIME_SERVICE_H

#include "inspection.h"

#include <functional>

namespace smime {

// Serves the requests that come over fd (a connected stream socket, made
// blocking) one after the other and leaves fd open. Returns when the other side
// ends, does not speak the protocol, is idle, or when another connection waits
// at one of the process's first listeners sockets, or is_outdated() says that
// another process should do the next. A request that hangs or spins
// beyond limits.timeout is answered by a signal handler, with a report that says
// so, and ends the process.
void serve_connection(int fd, const Limits &limits, const Tools &tools, unsigned listeners,
                      const std::function<bool()> &is_outdated);

} // namespace smime

#endif
