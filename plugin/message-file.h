// A message in a file, for the doveadm commands that ask about one.
#ifndef SMIME_MESSAGE_FILE_H
#define SMIME_MESSAGE_FILE_H

#include "report.h"
#include "scanner-client.h"

#include <optional>
#include <string>

namespace smime {

struct FileFailure {
  // Names the file or the socket, and what to do.
  std::string text;
  // Of sysexits.h.
  int exit_code = 0;
};

// The scanner's report on a file, which is read here and parsed there; "-" is
// standard input.
std::optional<Report> report_on_file(const std::string &file, const ScannerAddress &address,
                                     FileFailure &failure);

} // namespace smime

#endif
