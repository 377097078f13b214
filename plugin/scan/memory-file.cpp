#include "plugin/scan/memory-file.h"

extern "C" {
#include "write-full.h"
}

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

namespace smime {

std::unique_ptr<MemoryFile> MemoryFile::create() {
  int fd = memfd_create("smime", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  return fd < 0 ? nullptr : std::unique_ptr<MemoryFile>(new MemoryFile(fd));
}

std::unique_ptr<MemoryFile> MemoryFile::create_reusable(std::size_t capacity) {
  auto file = create();
  if (file == nullptr || ftruncate(file->fd_, static_cast<off_t>(capacity)) < 0)
    return nullptr;
  void *mapping = mmap(nullptr, capacity, PROT_READ | PROT_WRITE, MAP_SHARED, file->fd_, 0);
  if (mapping == MAP_FAILED)
    return nullptr;
  file->mapping_ = mapping;
  file->capacity_ = capacity;
  // Only this mapping can still write (Linux 5.1).
  if (fcntl(file->fd_, F_ADD_SEALS,
            F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_FUTURE_WRITE) < 0)
    return nullptr;
  return file;
}

MemoryFile::~MemoryFile() {
  stream_.reset();
  if (mapping_ != nullptr)
    (void)munmap(mapping_, capacity_ != 0 ? capacity_ : size_);
  (void)close(fd_);
}

bool MemoryFile::reserve(std::size_t size) {
  if (size > capacity_) {
    errno = EFBIG;
    return false;
  }
  if (size > reserved_) {
    if (fallocate(fd_, 0, static_cast<off_t>(reserved_), static_cast<off_t>(size - reserved_)) < 0)
      return false;
    reserved_ = size;
  }
  return true;
}

bool MemoryFile::append(const unsigned char *data, std::size_t size) {
  if (capacity_ != 0) {
    if (size > reserved_ - size_) {
      errno = EFBIG;
      return false;
    }
    std::memcpy(static_cast<unsigned char *>(mapping_) + size_, data, size);
    size_ += size;
    return true;
  }
  size_ += size;
  return write_full(fd_, data, size) == 0;
}

bool MemoryFile::seal() {
  // What is left of a longer message was for its reader alone.
  if (capacity_ != 0)
    std::memset(static_cast<unsigned char *>(mapping_) + size_, 0, reserved_ - size_);
  return lseek(fd_, 0, SEEK_SET) == 0 &&
         (capacity_ != 0 ||
          fcntl(fd_, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) == 0);
}

void MemoryFile::clear() {
  stream_.reset();
  size_ = 0;
}

istream *MemoryFile::stream() {
  if (stream_ != nullptr || size_ == 0)
    return stream_.get();
  if (capacity_ != 0) {
    stream_.reset(i_stream_create_from_data(mapping_, size_));
    return stream_.get();
  }
  // Private: Linux before 6.7 takes each shared mapping for one that could be
  // written. All pages at once: a page fault for each costs more than copying.
  void *mapping = mmap(nullptr, size_, PROT_READ, MAP_PRIVATE | MAP_POPULATE, fd_, 0);
  if (mapping == MAP_FAILED)
    return nullptr;
  mapping_ = mapping;
  stream_.reset(i_stream_create_from_data(mapping_, size_));
  return stream_.get();
}

} // namespace smime
