#include "protocol.h"

#include "scan-limits.h"

#include <charconv>

namespace smime {
namespace {

constexpr std::string_view request_prefix = "smime-scan\t1\t";
constexpr std::string_view file_suffix = "\tfile";
constexpr std::string_view report_prefix = "report\t";
constexpr std::string_view error_prefix = "error\t";

std::optional<std::uint64_t> parse_number(std::string_view text) {
  std::uint64_t value = 0;
  const char *end = text.data() + text.size();
  auto [rest, failure] = std::from_chars(text.data(), end, value);
  if (failure != std::errc() || rest != end || text.empty())
    return std::nullopt;
  return value;
}

std::string printable(std::string_view text) {
  std::string result(text.substr(0, max_protocol_line / 2));
  for (char &c : result) {
    if (static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) > 0x7e)
      c = '?';
  }
  return result;
}

} // namespace

std::string format_request(const Request &request) {
  return std::string(request_prefix) + std::to_string(request.size) +
         std::string(request.in_file ? file_suffix : "") + "\n";
}

std::optional<Request> parse_request(std::string_view line) {
  if (!line.starts_with(request_prefix))
    return std::nullopt;
  line.remove_prefix(request_prefix.size());
  bool in_file = line.ends_with(file_suffix);
  if (in_file)
    line.remove_suffix(file_suffix.size());
  auto size = parse_number(line);
  return size ? std::optional(Request{*size, in_file}) : std::nullopt;
}

std::string format_report_header(std::size_t length) {
  return std::string(report_prefix) + std::to_string(length) + "\n";
}

std::string format_error(std::string_view text) {
  return std::string(error_prefix) + printable(text) + "\n";
}

Answer parse_answer(std::string_view line) {
  Answer answer;
  if (line.starts_with(error_prefix)) {
    answer.kind = Answer::Kind::error;
    answer.text = printable(line.substr(error_prefix.size()));
    return answer;
  }
  if (!line.starts_with(report_prefix)) {
    answer.text = "the answer is not of this protocol";
    return answer;
  }
  auto length = parse_number(line.substr(report_prefix.size()));
  if (!length || *length == 0 || *length > max_report_size) {
    answer.text = "the answer announces a report of an impossible length";
    return answer;
  }
  answer.kind = Answer::Kind::report;
  answer.length = *length;
  return answer;
}

} // namespace smime
