// Asks the scanner for the report on a message. The conversation is listed in
// scanner/protocol.h.
#ifndef SMIME_SCANNER_CLIENT_H
#define SMIME_SCANNER_CLIENT_H

#include "report.h"

#include <cstdint>
#include <optional>
#include <functional>
#include <string>

struct istream;

namespace smime {

struct ScannerAddress {
  // Absolute path of the unix socket.
  std::string path;
  unsigned timeout_seconds = 30;
};

// Sends the size bytes of message from its beginning. Blocks up to the
// time-out in all. Returns nullopt and sets error, which says what happened and
// what to look at, when there is no report: the caller then acts on
// smime_scanner_failure. The stream's position afterwards is undefined.
// while_scanning is called at most once, when the message was sent and the report
// is awaited, if the message may have protected content (MarkerSearch).
std::optional<Report> request_report(const ScannerAddress &address, istream *message,
                                     std::uint64_t size, std::string &error,
                                     const std::function<void()> &while_scanning = {});

// A connection may stay open after a report, for the next request; this closes
// it, before the module goes.
void close_scanner_connection();

// The socket's path for a setting's value.
std::string scanner_socket_path(const std::string &setting, const std::string &base_dir);

} // namespace smime

#endif
