// The whole of a text into a file, however little of it each call takes.
#ifndef SMIME_WRITE_ALL_H
#define SMIME_WRITE_ALL_H

#include <cerrno>
#include <string_view>
#include <unistd.h>

namespace smime {

// False with errno set.
inline bool write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    ssize_t written = write(fd, text.data(), text.size());
    if (written < 0 && errno == EINTR)
      continue;
    if (written <= 0)
      return false;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

} // namespace smime

#endif
