// Asks the scanner for the report on a message. The conversation is listed in
// common/protocol.h.
#ifndef SMIME_SCANNER_CLIENT_H
#define SMIME_SCANNER_CLIENT_H

#include "common/report.h"
#include "plugin/scan/outgoing-file.h"

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

struct istream;

namespace smime {

struct ScannerAddress {
  // Absolute path of the unix socket.
  std::string path;
  unsigned timeout_seconds = 30;
  // When the message arrived, in seconds since 1970, if that is not now.
  std::optional<std::int64_t> arrival = {};
  // The envelope's, for what is counted by it (protocol.h).
  std::optional<std::string> sender = {};
};

// Ends the use of a message's copy: where its connection is kept, its memory is kept with it for
// the next message.
struct GiveBack {
  // Over which it went; may be none.
  std::weak_ptr<class ScannerConnection> connection = {};
  void operator()(OutgoingFile *file) const;
};
using MessageCopy = std::unique_ptr<OutgoingFile, GiveBack>;

// What is there to make the way to the scanner shorter, of processes of which there are
// few, as those that deliver.
struct Shortcuts {
  // Memory may be kept for the next message.
  bool keep_memory = false;
  // Where a copy of the message may be, for as long as it takes; empty: nowhere.
  std::string spool_directory;
};

// A request for the report on the size bytes of message, from its beginning: sent
// when it is made, answered while its maker does something else. The stream must
// stay as long; its position is undefined after the making and after wait().
class ReportRequest {
public:
  ReportRequest(ScannerAddress address, istream *message, std::uint64_t size,
                Shortcuts shortcuts = {});
  ~ReportRequest();
  ReportRequest(const ReportRequest &) = delete;
  ReportRequest &operator=(const ReportRequest &) = delete;

  // Whether the message may have protected content (MarkerSearch).
  bool maybe_protected() const;

  // The message in a file, if it was sent that way; null if not, and the second time.
  MessageCopy take_copy();

  // Blocks up to what is left of the time-out, which began with the request. May
  // read the message once more, if a scanner process went away. Nullopt with
  // error set, which says what happened and what to look at, when there is no
  // report: the caller then acts on smime_scanner_failure. Once.
  std::optional<Report> wait(std::string &error);

  // After wait() without a report: the scanner is well and answers about another message, and
  // failed on this one every time. It would in the next try as well.
  bool fails_on_message() const { return fails_on_message_; }

private:
  void start();
  bool answers_about_another() const;

  ScannerAddress address_;
  istream *message_;
  std::uint64_t size_;
  Shortcuts shortcuts_;
  std::chrono::steady_clock::time_point deadline_;
  std::string error_;
  std::unique_ptr<class Conversation> conversation_;
  bool maybe_protected_ = true;
  bool fails_on_message_ = false;
};

// Request and wait in one.
std::optional<Report> request_report(const ScannerAddress &address, istream *message,
                                     std::uint64_t size, std::string &error);

// For a message that is held without a report: what is known of it, which is that there is none.
Report report_without_scanner(const std::string &error);

// A connection may stay open after a report, for the next request; this closes
// it, and frees what is kept with it, before the module goes.
void close_scanner_connection();

// The socket's path for a setting's value.
std::string scanner_socket_path(const std::string &setting, const std::string &base_dir);

} // namespace smime

#endif
