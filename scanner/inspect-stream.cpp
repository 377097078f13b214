#include "inspect-stream.h"

#include "dovecot-lib.h"
#include "message-reader.h"

#include <new>

namespace smime {
namespace {

Report report_not_inspected(std::uint64_t size, const char *code, const std::string &text,
                            const char *remedy) {
  Report report;
  report.size = size;
  report.classes.add(MessageClass::malformed);
  report.scan = ScanVerdict::uninspectable;
  report.uninspectable.push_back({"", code, "", ""});
  report.errors.push_back({code, "", text, remedy});
  return report;
}

// Memory ran out: the rest is read, so that the answer is about a message that
// did arrive.
std::optional<Report> drain(istream *input, std::string &error) {
  const unsigned char *data;
  std::size_t size;
  while (i_stream_read_more(input, &data, &size) > 0)
    i_stream_skip(input, size);
  if (!input->eof || input->stream_errno != 0) {
    error = "the message did not arrive in time";
    return std::nullopt;
  }
  return report_not_inspected(input->v_offset, "limit-exceeded",
                              "The message takes more memory than is allowed; it was not "
                              "looked into.",
                              "Raise vsz_limit of service smime-scanner.");
}

} // namespace

std::optional<Report> inspect_stream(istream *input, const Limits &limits, const Tools &tools,
                                     std::string &error, bool *opened) try {
  Inspection inspection(limits, tools);
  MessageReader reader(inspection);
  const unsigned char *data;
  std::size_t size;
  int ret;
  while ((ret = i_stream_read_more(input, &data, &size)) > 0) {
    reader.feed({data, size});
    i_stream_skip(input, size);
  }
  if (ret == 0) {
    error = "the message did not arrive in time";
    return std::nullopt;
  }
  if (input->stream_errno != 0) {
    error = i_stream_get_error(input);
    return std::nullopt;
  }
  reader.finish();
  if (opened != nullptr)
    *opened = inspection.opened();
  return inspection.finish(input->v_offset);
} catch (const std::bad_alloc &) {
  return drain(input, error);
}

Report report_too_large(std::uint64_t size, const Limits &limits) {
  return report_not_inspected(size, "message-too-large",
                              "The message is larger than max_message_size=" +
                                  std::to_string(limits.max_message_size) +
                                  "; it was not looked into.",
                              "Raise max_message_size in smime-scanner.conf.");
}

Report report_out_of_time(std::uint64_t size, const Limits &limits, const Tools &tools) {
  Report report =
      report_not_inspected(size, "limit-exceeded",
                           "The message takes more seconds than are allowed (timeout=" +
                               std::to_string(limits.timeout) + "); it was not looked into.",
                           "Raise timeout in smime-scanner.conf, or look at the message.");
  if (tools.engine != nullptr) {
    report.scan = ScanVerdict::error;
    report.scan_engine = "engine";
    report.scan_name = "no verdict in time";
  }
  return report;
}

} // namespace smime
