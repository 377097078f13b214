#include "plugin/scan/scanner-sockets.h"

#include <cerrno>

namespace smime {

std::string user_socket_path(const std::string &path) { return path + "-user"; }

bool belongs_to_user_socket(int connect_error, uid_t real_uid) {
  return connect_error == EACCES && real_uid != 0;
}

} // namespace smime
