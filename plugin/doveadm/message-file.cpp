#include "plugin/doveadm/message-file.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sysexits.h>
#include <unistd.h>

namespace smime {
namespace {

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

std::unique_ptr<MessageFile> MessageFile::open(const std::string &file, FileFailure &failure) {
  std::unique_ptr<MessageFile> message(new MessageFile);
  message->name_ = file;
  failure.exit_code = EX_NOINPUT;
  if (file == "-") {
    StreamPtr input(i_stream_create_fd(STDIN_FILENO, IO_BLOCK_SIZE));
    if (!read_all(input.get(), message->text_)) {
      failure.text = "reading standard input failed";
      return nullptr;
    }
    message->input_.reset(i_stream_create_from_data(message->text_.data(), message->text_.size()));
    return message;
  }
  int fd = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) {
    failure.text = file + ": " + std::strerror(errno);
    return nullptr;
  }
  message->input_.reset(i_stream_create_fd_autoclose(&fd, IO_BLOCK_SIZE));
  return message;
}

std::optional<Report> MessageFile::report(const ScannerAddress &address, FileFailure &failure) {
  uoff_t size;
  i_stream_seek(input_.get(), 0);
  if (i_stream_get_size(input_.get(), TRUE, &size) <= 0) {
    failure.text = name_ + ": its size cannot be told";
    failure.exit_code = EX_NOINPUT;
    return std::nullopt;
  }
  std::string error;
  auto report = request_report(address, input_.get(), size, error);
  if (!report) {
    failure.text = error +
                   ". Is Dovecot running with service smime-scanner? Without it: "
                   "smime-scanner --inspect " +
                   name_;
    failure.exit_code = EX_TEMPFAIL;
  }
  return report;
}

} // namespace smime
