#include "message-file.h"

#include "dovecot-ptr.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sysexits.h>
#include <unistd.h>

namespace smime {
namespace {

StreamPtr open_input(const std::string &file) {
  if (file == "-")
    return StreamPtr(i_stream_create_fd(STDIN_FILENO, IO_BLOCK_SIZE));
  int fd = open(file.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0)
    return nullptr;
  return StreamPtr(i_stream_create_fd_autoclose(&fd, IO_BLOCK_SIZE));
}

// Standard input is no file that can be read twice or asked for its size.
bool read_all(istream *input, std::string &text) {
  const unsigned char *data;
  std::size_t size;
  while (i_stream_read_more(input, &data, &size) > 0) {
    text.append(reinterpret_cast<const char *>(data), size);
    i_stream_skip(input, size);
  }
  return input->stream_errno == 0;
}

} // namespace

std::optional<Report> report_on_file(const std::string &file, const ScannerAddress &address,
                                     FileFailure &failure) {
  failure.exit_code = EX_NOINPUT;
  StreamPtr input = open_input(file);
  if (input == nullptr) {
    failure.text = file + ": " + std::strerror(errno);
    return std::nullopt;
  }
  std::string text;
  uoff_t size;
  if (file == "-") {
    if (!read_all(input.get(), text)) {
      failure.text = "reading standard input failed";
      return std::nullopt;
    }
    input.reset(i_stream_create_from_data(text.data(), text.size()));
  }
  if (i_stream_get_size(input.get(), TRUE, &size) <= 0) {
    failure.text = file + ": its size cannot be told";
    return std::nullopt;
  }
  std::string error;
  auto report = request_report(address, input.get(), size, error);
  if (!report) {
    failure.text = error + ". Is Dovecot running with service smime-scanner? Without it: "
                           "smime-scanner --inspect " + file;
    failure.exit_code = EX_TEMPFAIL;
  }
  return report;
}

} // namespace smime
