// A message in a file that is in memory only (memfd_create(2)): what goes to the
// scanner by its descriptor, and can be read here without copying.
#ifndef SMIME_MEMORY_FILE_H
#define SMIME_MEMORY_FILE_H

#include "plugin/dovecot/ptr.h"
#include "plugin/scan/outgoing-file.h"

#include <cstddef>
#include <memory>

namespace smime {

class MemoryFile : public OutgoingFile {
public:
  // Null if the kernel gives none.
  static std::unique_ptr<MemoryFile> create();
  // One for messages of up to capacity bytes, one after another: its memory is asked of
  // the kernel once, which costs more than copying. Only for messages that the same
  // process may see. Null if the kernel does not have it.
  static std::unique_ptr<MemoryFile> create_reusable(std::size_t capacity);
  ~MemoryFile() override;

  int fd() const override { return fd_; }
  // To be called before the first append() of one that can be used again: memory that is
  // missing is told here, and by no signal later. False with errno set.
  bool reserve(std::size_t size);
  bool append(const unsigned char *data, std::size_t size) override;
  // Nobody can change the bytes any more, whoever has the descriptor; its offset is
  // at the beginning. (Of one that can be used again only its maker ever could.)
  bool seal() override;
  MemoryFile *reusable() override { return capacity_ != 0 ? this : nullptr; }
  // Makes room for another message. Nobody may read the last one any more.
  void clear();

  // Null if the bytes cannot be mapped. Lives as long as this, or to clear().
  istream *stream() override;

private:
  explicit MemoryFile(int fd) : fd_(fd) {}

  int fd_;
  std::size_t size_ = 0;
  // The bytes that one which can be used again has room for; else 0.
  std::size_t capacity_ = 0;
  // Up to here there is memory, and bytes of messages.
  std::size_t reserved_ = 0;
  void *mapping_ = nullptr;
  StreamPtr stream_;
};

} // namespace smime

#endif
