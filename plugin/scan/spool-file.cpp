#include "plugin/scan/spool-file.h"

extern "C" {
#include "write-full.h"
}

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/vfs.h>
#include <unistd.h>

namespace smime {
namespace {

bool is_in_memory(int fd) {
  struct statfs info;
  return fstatfs(fd, &info) < 0 || info.f_type == TMPFS_MAGIC || info.f_type == RAMFS_MAGIC;
}

} // namespace

std::unique_ptr<SpoolFile> SpoolFile::create(const std::string &directory, std::uint64_t size) {
  int fd = open(directory.c_str(), O_TMPFILE | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
  if (fd < 0)
    return nullptr;
  int reader = -1;
  // Space that is missing is told now, while there is another way to the scanner.
  if (!is_in_memory(fd) && fallocate(fd, 0, 0, static_cast<off_t>(size)) == 0)
    reader = open(("/proc/self/fd/" + std::to_string(fd)).c_str(), O_RDONLY | O_CLOEXEC);
  if (reader >= 0)
    return std::unique_ptr<SpoolFile>(new SpoolFile(fd, reader));
  (void)close(fd);
  return nullptr;
}

SpoolFile::~SpoolFile() {
  // Whoever keeps the descriptor keeps nothing with it.
  const bool emptied = ftruncate(fd_, 0) == 0;
  (void)emptied;
  (void)close(reader_);
  (void)close(fd_);
}

bool SpoolFile::append(const unsigned char *data, std::size_t size) {
  return write_full(fd_, data, size) == 0;
}

} // namespace smime
