#include "plugin/scan/connection.h"

#include <cerrno>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>

namespace smime {
namespace {

std::shared_ptr<ScannerConnection> kept;

} // namespace

ScannerConnection::ScannerConnection(int fd, std::string path) : fd_(fd), path_(std::move(path)) {}

ScannerConnection::~ScannerConnection() { (void)close(fd_); }

std::unique_ptr<MemoryFile> ScannerConnection::take_memory(std::uint64_t size) {
  return memory_ != nullptr && memory_->reserve(size) ? std::move(memory_) : nullptr;
}

// Of a connection that is not kept no process is known to be done with the message.
void ScannerConnection::give_memory(std::unique_ptr<MemoryFile> memory) {
  if (kept.get() != this)
    return;
  memory->clear();
  memory_ = std::move(memory);
}

std::shared_ptr<ScannerConnection> ScannerConnection::take_kept(const std::string &path) {
  auto connection = std::exchange(kept, nullptr);
  if (connection == nullptr || connection->path_ != path)
    return nullptr;
  char byte;
  bool open = recv(connection->fd_, &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 &&
              (errno == EAGAIN || errno == EINTR);
  return open ? connection : nullptr;
}

void ScannerConnection::keep(std::shared_ptr<ScannerConnection> connection) {
  kept = std::move(connection);
}

void ScannerConnection::close_kept() { kept.reset(); }

} // namespace smime
