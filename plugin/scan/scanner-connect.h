// The way to the scanner's socket.
#ifndef SMIME_SCANNER_CONNECT_H
#define SMIME_SCANNER_CONNECT_H

#include <string>

namespace smime {

// Connects to the socket of that path, or to the one beside it for those who may not
// (scanner-sockets.h). A process that put root's rights aside for a user, as lmtp does, takes
// them up for the connect() alone: it is as that user that the scanner would know it
// otherwise. Returns the descriptor, or -1 with errno set and, in words, with error.
int connect_to_scanner(const std::string &path, std::string &error);

} // namespace smime

#endif
