// A message in a file without a name, on disk, in the directory where Dovecot itself
// keeps a message that is being received: from there it is read again, not from here.
#ifndef SMIME_SPOOL_FILE_H
#define SMIME_SPOOL_FILE_H

#include "plugin/scan/outgoing-file.h"

#include <cstdint>
#include <memory>
#include <string>

namespace smime {

class SpoolFile : public OutgoingFile {
public:
  // With room for size bytes. Null where there is none: no such directory or space, no
  // files without a name (O_TMPFILE, /proc), or the directory is in memory, of which a
  // large message is not to have any.
  static std::unique_ptr<SpoolFile> create(const std::string &directory, std::uint64_t size);
  ~SpoolFile() override;

  int fd() const override { return reader_; }
  bool append(const unsigned char *data, std::size_t size) override;
  bool seal() override { return true; }

private:
  SpoolFile(int fd, int reader) : fd_(fd), reader_(reader) {}

  int fd_;
  // The same file, opened again, and only for reading.
  int reader_;
};

} // namespace smime

#endif
