#include "plugin/store/atomic-file.h"

#include "common/write-all.h"

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace smime {
namespace {

std::string failed(const std::string &path) { return path + ": " + std::strerror(errno); }

// Without it the new name may be lost with the power.
bool sync_directory(const std::string &directory) {
  int fd = open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0)
    return false;
  bool ok = fsync(fd) == 0;
  (void)close(fd);
  return ok;
}

} // namespace

bool write_file(const std::string &directory, const std::string &name, std::string_view text,
                mode_t mode, std::string &error) {
  std::string path = directory + "/" + name;
  std::string temporary = directory + "/." + name + ".XXXXXX";
  int fd = mkostemp(temporary.data(), O_CLOEXEC);
  if (fd < 0) {
    error = failed(directory);
    return false;
  }
  bool ok = fchmod(fd, mode) == 0 && write_all(fd, text) && fsync(fd) == 0;
  int problem = errno;
  ok = close(fd) == 0 && ok;
  if (ok && rename(temporary.c_str(), path.c_str()) == 0 && sync_directory(directory))
    return true;
  if (ok)
    problem = errno;
  errno = problem;
  error = failed(path);
  (void)unlink(temporary.c_str());
  return false;
}

namespace {

// Closes it.
bool read_opened(int fd, const std::string &path, std::size_t most, std::string &text,
                 std::string &error) {
  if (fd < 0) {
    error = failed(path);
    return false;
  }
  std::array<char, 16384> buffer;
  ssize_t size;
  text.clear();
  while ((size = read(fd, buffer.data(), buffer.size())) > 0 && text.size() <= most)
    text.append(buffer.data(), static_cast<std::size_t>(size));
  if (size < 0)
    error = failed(path);
  else if (text.size() > most)
    error = path + ": it has more than " + std::to_string(most) + " bytes";
  (void)close(fd);
  return size >= 0 && text.size() <= most;
}

} // namespace

bool read_file(const std::string &path, std::size_t most, std::string &text, std::string &error) {
  return read_opened(open(path.c_str(), O_RDONLY | O_CLOEXEC), path, most, text, error);
}

bool read_users_file(const std::string &path, std::size_t most, std::string &text,
                     std::string &error) {
  int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  struct stat status {};
  if (fd >= 0 && fstat(fd, &status) == 0 && !S_ISREG(status.st_mode)) {
    (void)close(fd);
    error = path + ": it is no regular file";
    return false;
  }
  return read_opened(fd, path, most, text, error);
}

} // namespace smime
