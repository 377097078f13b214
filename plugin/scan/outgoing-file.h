// The bytes of a message on their way to the scanner, in a file that it is given the
// descriptor of.
#ifndef SMIME_OUTGOING_FILE_H
#define SMIME_OUTGOING_FILE_H

#include <cstddef>

struct istream;

namespace smime {

class OutgoingFile {
public:
  OutgoingFile() = default;
  virtual ~OutgoingFile() = default;
  OutgoingFile(const OutgoingFile &) = delete;
  OutgoingFile &operator=(const OutgoingFile &) = delete;

  // Who has it can read the file from its beginning, and do nothing else with it.
  virtual int fd() const = 0;
  // These return false with errno set. Each append() adds to the end; seal() is the last.
  virtual bool append(const unsigned char *data, std::size_t size) = 0;
  virtual bool seal() = 0;
  // The bytes of the sealed file, if there is a shorter way to them than the message's own;
  // else null. Lives as long as this.
  virtual istream *stream() { return nullptr; }
  // This object if it is memory that the next message may use, once the scanner has closed the
  // last one; else null.
  virtual class MemoryFile *reusable() { return nullptr; }
};

} // namespace smime

#endif
