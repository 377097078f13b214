// A connection of the socket protocol, from the scanner's side.
#ifndef SMIME_SERVICE_H
#define SMIME_SERVICE_H

#include "scan-limits.h"

namespace smime {

// Serves the requests that come over fd (a connected stream socket, made
// blocking) one after the other and leaves fd open. Returns when the other side
// ends, does not speak the protocol, is idle, or when another connection waits
// at one of the process's first listeners sockets. The process is killed by
// SIGALRM if one request takes longer than limits.timeout: the plugin then sees
// the connection end without a report.
void serve_connection(int fd, const Limits &limits, unsigned listeners);

} // namespace smime

#endif
