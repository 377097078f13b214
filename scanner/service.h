// One conversation of the socket protocol, from the scanner's side.
#ifndef SMIME_SERVICE_H
#define SMIME_SERVICE_H

#include "scan-limits.h"

namespace smime {

// Serves the one request that comes over fd (a connected stream socket, made
// blocking) and leaves fd open. The process is killed by SIGALRM if that takes
// longer than limits.timeout: the plugin then sees the connection end without
// a report.
void serve_request(int fd, const Limits &limits);

} // namespace smime

#endif
