// A connection to the scanner. One is kept for the next request, and with it the memory in which
// messages go over it: the process at its other end has seen each message that was in there, and
// no other process gets to see it.
#ifndef SMIME_SCANNER_CONNECTION_H
#define SMIME_SCANNER_CONNECTION_H

#include "plugin/scan/memory-file.h"

#include <memory>
#include <string>

namespace smime {

class ScannerConnection {
public:
  // Takes fd, which leads to path.
  ScannerConnection(int fd, std::string path);
  ~ScannerConnection();
  ScannerConnection(const ScannerConnection &) = delete;
  ScannerConnection &operator=(const ScannerConnection &) = delete;

  int fd() const { return fd_; }
  // Room for a message of size bytes, if this connection has some; else null.
  std::unique_ptr<MemoryFile> take_memory(std::uint64_t size);
  // For the next message, where the connection is kept.
  void give_memory(std::unique_ptr<MemoryFile> memory);

  // The connection that was kept, if it leads to path and its other end is still there; else
  // null. A mail process has one thread and asks about one message at a time.
  static std::shared_ptr<ScannerConnection> take_kept(const std::string &path);
  // Leaves the connection open for the next request. Another one that was kept ends.
  static void keep(std::shared_ptr<ScannerConnection> connection);
  static void close_kept();

private:
  int fd_;
  std::string path_;
  std::unique_ptr<MemoryFile> memory_;
};

} // namespace smime

#endif
