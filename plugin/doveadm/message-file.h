// A message in a file, for the doveadm commands that ask about one.
#ifndef SMIME_MESSAGE_FILE_H
#define SMIME_MESSAGE_FILE_H

#include "common/report.h"
#include "plugin/dovecot/ptr.h"
#include "plugin/scan/scanner-client.h"

#include <memory>
#include <optional>
#include <string>

namespace smime {

struct FileFailure {
  // Names the file or the socket, and what to do.
  std::string text;
  // Of sysexits.h.
  int exit_code = 0;
};

// "-" is standard input.
class MessageFile {
public:
  // Opened with the rights that the process has now, and in its directory: before a command
  // becomes the user. Null with failure set.
  static std::unique_ptr<MessageFile> open(const std::string &file, FileFailure &failure);

  // The scanner's report on it, which is read here and parsed there. May be asked again.
  std::optional<Report> report(const ScannerAddress &address, FileFailure &failure);

private:
  MessageFile() = default;
  std::string name_;
  // Of standard input, which is no file that can be read twice or asked for its size.
  std::string text_;
  StreamPtr input_;
};

} // namespace smime

#endif
