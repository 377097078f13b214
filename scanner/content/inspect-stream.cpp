#include "scanner/content/inspect-stream.h"

#include "scanner/base/dovecot-lib.h"
#include "scanner/content/message-reader.h"
#include "scanner/mime/label-scan.h"

#include <algorithm>
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
  // What of it must not change is not known.
  report.protected_dropped = report.dropped = 1;
  return report;
}

// Memory ran out: what was found before stays, and the rest is read for its labels, so that
// the answer is about a message that did arrive.
std::optional<Report> drain(istream *input, const ClassSet &classes, std::string &error) {
  LabelScan labels;
  const unsigned char *data;
  std::size_t size;
  while (i_stream_read_more(input, &data, &size) > 0) {
    labels.feed({data, size});
    i_stream_skip(input, size);
  }
  if (!input->eof || input->stream_errno != 0) {
    error = "the message did not arrive in time";
    return std::nullopt;
  }
  labels.finish();
  Report report = report_not_inspected(input->v_offset, "limit-exceeded",
                                       "The message takes more memory than is allowed; it was not "
                                       "looked into.",
                                       "Raise vsz_limit of service smime-scanner.");
  report.classes = report.classes | classes | labels.found().classes;
  return report;
}

} // namespace

std::optional<Report> inspect_stream(istream *input, const Limits &limits, const Tools &tools,
                                     std::string &error, Aftermath *aftermath) {
  Inspection inspection(limits, tools);
  auto note_aftermath = [&] {
    if (aftermath != nullptr)
      *aftermath = {inspection.opened(), inspection.refused()};
  };
  try {
    MessageReader reader(inspection);
    const unsigned char *data;
    std::size_t size;
    int ret;
    while ((ret = i_stream_read_more(input, &data, &size)) > 0) {
      reader.feed({data, size});
      i_stream_skip(input, size);
    }
    note_aftermath();
    if (ret == 0) {
      error = "the message did not arrive in time";
      return std::nullopt;
    }
    if (input->stream_errno != 0) {
      error = i_stream_get_error(input);
      return std::nullopt;
    }
    reader.finish();
    note_aftermath();
    return inspection.finish(input->v_offset);
  } catch (const std::bad_alloc &) {
    note_aftermath();
    return drain(input, inspection.report().classes, error);
  }
}

Report report_too_large(istream *input, std::uint64_t size, const Limits &limits) {
  LabelScan labels;
  const unsigned char *data;
  std::size_t available;
  std::uint64_t left = max_labelled_size;
  while (left > 0 && i_stream_read_more(input, &data, &available) > 0) {
    available = static_cast<std::size_t>(std::min<std::uint64_t>(available, left));
    labels.feed({data, available});
    i_stream_skip(input, available);
    left -= available;
  }
  labels.finish();
  Report report = report_not_inspected(
      size, "message-too-large",
      "The message is larger than max_message_size=" + std::to_string(limits.max_message_size) +
          "; it was not looked into, but for labels in its first " +
          std::to_string(max_labelled_size / (1024UL * 1024)) + " MB.",
      "Raise max_message_size in smime-scanner.conf.");
  report.classes = report.classes | labels.found().classes;
  return report;
}

Report report_out_of_time(std::uint64_t size, const Limits &limits, const Tools &tools) {
  Report report = report_not_inspected(
      size, "limit-exceeded",
      "The message takes more seconds than are allowed (timeout=" + std::to_string(limits.timeout) +
          "); it was not looked into.",
      "Raise timeout in smime-scanner.conf, or look at the message.");
  if (tools.engine != nullptr) {
    report.scan = ScanVerdict::error;
    report.scan_engine = "engine";
    report.scan_name = "no verdict in time";
  }
  return report;
}

} // namespace smime
