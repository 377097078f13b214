// Which of the scanner's two sockets a process asks. Nothing here depends on Dovecot.
#ifndef SMIME_SCANNER_SOCKETS_H
#define SMIME_SCANNER_SOCKETS_H

#include <string>
#include <sys/types.h>

namespace smime {

// The socket that is open to all local users, beside the one of that path, which is for
// the mail system.
std::string user_socket_path(const std::string &path);

// Whether a process with that real uid turns to the users' socket when the connection to
// the other one failed with the error number. Only a socket that is there and refuses this
// user says that it should: one that is missing is a fault of the configuration, and going
// on without it would have lmtp's mail reported on without its inside, in silence.
bool belongs_to_user_socket(int connect_error, uid_t real_uid);

} // namespace smime

#endif
