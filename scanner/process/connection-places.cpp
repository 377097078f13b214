#include "scanner/process/connection-places.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <limits>
#include <unistd.h>
#include <utility>

namespace smime {
namespace {

// The lock belongs to this opening of the file (F_OFD_SETLK), not to the process: a
// library that opens and closes the file could not take it away.
bool set_lock(int fd, off_t byte, short type) {
  struct flock lock {};
  lock.l_type = type;
  lock.l_whence = SEEK_SET;
  lock.l_start = byte;
  lock.l_len = 1;
  return fcntl(fd, F_OFD_SETLK, &lock) == 0;
}

// Whether others have a lock on one of the bytes.
bool are_locked(int fd, off_t first, unsigned count) {
  struct flock lock {};
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  lock.l_start = first;
  lock.l_len = count;
  return fcntl(fd, F_OFD_GETLK, &lock) != 0 || lock.l_type != F_UNLCK;
}

off_t first_place_of(uid_t user) {
  return static_cast<off_t>(user) * ConnectionPlaces::max_per_user;
}

// Behind those of the last user.
const off_t first_common_place =
    first_place_of(std::numeric_limits<uid_t>::max()) + ConnectionPlaces::max_per_user;

} // namespace

std::unique_ptr<ConnectionPlaces> ConnectionPlaces::open(const std::string &file,
                                                         const Bounds &bounds, std::string &error) {
  int fd = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0) {
    error = file + ": " + std::strerror(errno);
    return nullptr;
  }
  return std::unique_ptr<ConnectionPlaces>(
      new ConnectionPlaces(fd, {std::min(bounds.per_user, max_per_user), bounds.in_all}));
}

ConnectionPlaces::~ConnectionPlaces() { (void)close(fd_); }

// One of count bytes; -1 if all of them are taken.
off_t ConnectionPlaces::take_one(off_t first, unsigned count) {
  for (off_t byte = first; byte < first + count; byte++) {
    if (set_lock(fd_, byte, F_WRLCK))
      return byte;
  }
  return -1;
}

std::optional<ConnectionPlaces::TakenPlace> ConnectionPlaces::take(uid_t user) {
  off_t first = first_place_of(user);
  off_t byte = take_one(first, bounds_.per_user);
  if (byte < 0)
    return std::nullopt;
  TakenPlace place(fd_, byte);
  place.common_byte_ = take_one(first_common_place, bounds_.in_all);
  if (place.common_byte_ < 0 && are_locked(fd_, first, bounds_.per_user))
    return std::nullopt;
  return place;
}

ConnectionPlaces::TakenPlace::TakenPlace(TakenPlace &&other) noexcept
    : fd_(std::exchange(other.fd_, -1)), byte_(other.byte_), common_byte_(other.common_byte_) {}

ConnectionPlaces::TakenPlace::~TakenPlace() {
  if (fd_ < 0)
    return;
  (void)set_lock(fd_, byte_, F_UNLCK);
  if (common_byte_ >= 0)
    (void)set_lock(fd_, common_byte_, F_UNLCK);
}

} // namespace smime
