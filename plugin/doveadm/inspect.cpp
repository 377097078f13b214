// doveadm smime inspect FILE|-: the report for a message file.
#include "plugin/doveadm/smime.h"

#include "plugin/doveadm/message-file.h"
#include "plugin/operator/signature-text.h"

namespace smime {
namespace {

void print_headers() {
  for (const char *name :
       {"file", "class", "size", "layers", "signature", "uninspectable", "scan", "errors"})
    doveadm_print_header_simple(name);
}

std::string join_layers(const Report &report) {
  std::string text;
  for (const Layer &layer : report.layers)
    text += (text.empty() ? "" : "; ") + layer.type +
            (layer.path.empty() ? "" : " (part " + layer.path + ")");
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
  print(uninspectable_text(report));
  print(std::string(name_of(report.scan)));
  print(join_errors(report));
}

void inspect(const std::string &file) {
  ScannerAddress address{scanner_socket_path("smime-scanner", doveadm_settings->base_dir), 30};
  FileFailure failure;
  auto message = MessageFile::open(file, failure);
  auto report = message == nullptr ? std::nullopt : message->report(address, failure);
  if (!report) {
    log_error("inspect: " + failure.text);
    doveadm_exit_code = failure.exit_code;
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

doveadm_cmd_ver2 command_inspect = {run,        nullptr,       "smime inspect",
                                    "<file>|-", CMD_FLAG_NONE, parameters};

} // namespace smime
