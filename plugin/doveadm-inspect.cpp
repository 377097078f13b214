// doveadm smime inspect FILE|-: the report for a message file. The file is read
// here and parsed in the scanner.
#include "doveadm-smime.h"

#include "report.h"
#include "scanner-client.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace smime {
namespace {

void print_headers() {
  for (const char *name : {"file", "class", "size", "layers", "signature", "uninspectable",
                           "scan", "errors"})
    doveadm_print_header_simple(name);
}

std::string join_layers(const Report &report) {
  std::string text;
  for (const Layer &layer : report.layers)
    text += (text.empty() ? "" : "; ") + layer.type +
            (layer.path.empty() ? "" : " (part " + layer.path + ")");
  return text;
}

std::string join_uninspectable(const Report &report) {
  std::string text;
  for (const Uninspectable &part : report.uninspectable)
    text += (text.empty() ? "" : "; ") + part.reason +
            (part.path.empty() ? "" : " (part " + part.path + ", " + part.type + ")");
  return text;
}

std::string join_errors(const Report &report) {
  std::string text;
  for (const ReportError &error : report.errors)
    text += (text.empty() ? "" : "; ") + error.code + ": " + error.text;
  return text;
}

void print_report(const Report &report) {
  print(report.file);
  print(join_class_names(report.classes));
  doveadm_print_num(report.size);
  print(join_layers(report));
  print(std::string(name_of(report.signature)));
  print(join_uninspectable(report));
  print(std::string(name_of(report.scan)));
  print(join_errors(report));
}

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

void fail(const std::string &text, int exit_code) {
  i_error("smime inspect: %s", text.c_str());
  doveadm_exit_code = exit_code;
}

void inspect(const std::string &file) {
  StreamPtr input = open_input(file);
  if (input == nullptr) {
    fail(file + ": " + std::strerror(errno), EX_NOINPUT);
    return;
  }
  std::string text;
  uoff_t size;
  if (file == "-") {
    if (!read_all(input.get(), text)) {
      fail("reading standard input failed", EX_NOINPUT);
      return;
    }
    input.reset(i_stream_create_from_data(text.data(), text.size()));
  }
  if (i_stream_get_size(input.get(), TRUE, &size) <= 0) {
    fail(file + ": its size cannot be told", EX_NOINPUT);
    return;
  }
  ScannerAddress address{scanner_socket_path("smime-scanner", doveadm_settings->base_dir), 30};
  std::string error;
  auto report = request_report(address, input.get(), size, error);
  if (!report) {
    fail(error + ". Is Dovecot running with service smime-scanner? Without it: "
                 "smime-scanner --inspect " + file,
         EX_TEMPFAIL);
    return;
  }
  report->file = file;
  print_report(*report);
}

void run(doveadm_cmd_context *context) noexcept {
  const char *file;
  if (!doveadm_cmd_param_str(context, "file", &file))
    help_ver2(context->cmd);
  (void)guarded("doveadm smime inspect", false, [&] {
    doveadm_print_init(DOVEADM_PRINT_TYPE_PAGER);
    print_headers();
    inspect(file);
    return true;
  });
}

const doveadm_cmd_param parameters[] = {positional("file", CMD_PARAM_STR), doveadm_cmd_param{}};

} // namespace

doveadm_cmd_ver2 command_inspect = {run,      nullptr, "smime inspect", "<file>|-", CMD_FLAG_NONE,
                                    parameters};

} // namespace smime
