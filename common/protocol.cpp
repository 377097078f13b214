#include "common/protocol.h"

#include "common/report.h"

#include <algorithm>
#include <charconv>

namespace smime {
namespace {

constexpr std::string_view request_prefix = "smime-scan\t1\t";
constexpr std::string_view file_suffix = "\tfile";
constexpr std::string_view arrival_prefix = "\tat=";
constexpr std::string_view sender_prefix = "\tfrom=";
constexpr std::string_view report_prefix = "report\t";
constexpr std::string_view error_prefix = "error\t";
constexpr std::string_view busy_line = "busy";

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

bool is_sender_byte(char c) { return c > 0x20 && c < 0x7f; }

std::string sender_field(const std::optional<std::string> &sender) {
  if (!sender)
    return {};
  std::string text(sender->substr(0, max_request_sender));
  for (char &c : text)
    c = is_sender_byte(c) ? c : '?';
  return std::string(sender_prefix) + text;
}

// Takes the field off the line. False if it is there and is none.
bool take_sender(std::string_view &line, std::optional<std::string> &sender) {
  auto at = line.find(sender_prefix);
  if (at == std::string_view::npos)
    return true;
  sender = line.substr(at + sender_prefix.size());
  line = line.substr(0, at);
  return sender->size() <= max_request_sender &&
         std::all_of(sender->begin(), sender->end(), is_sender_byte);
}

std::string arrival_field(const std::optional<std::int64_t> &arrival) {
  return arrival && *arrival >= 0 ? std::string(arrival_prefix) + std::to_string(*arrival) : "";
}

// Likewise.
bool take_arrival(std::string_view &line, std::optional<std::int64_t> &arrival) {
  auto at = line.find(arrival_prefix);
  if (at == std::string_view::npos)
    return true;
  auto seconds = parse_number(line.substr(at + arrival_prefix.size()));
  line = line.substr(0, at);
  if (!seconds || *seconds > static_cast<std::uint64_t>(INT64_MAX))
    return false;
  arrival = static_cast<std::int64_t>(*seconds);
  return true;
}

} // namespace

std::string format_request(const Request &request) {
  return std::string(request_prefix) + std::to_string(request.size) +
         std::string(request.in_file ? file_suffix : "") + arrival_field(request.arrival) +
         sender_field(request.sender) + "\n";
}

std::optional<Request> parse_request(std::string_view line) {
  if (!line.starts_with(request_prefix))
    return std::nullopt;
  line.remove_prefix(request_prefix.size());
  Request request;
  if (!take_sender(line, request.sender) || !take_arrival(line, request.arrival))
    return std::nullopt;
  bool in_file = line.ends_with(file_suffix);
  if (in_file)
    line.remove_suffix(file_suffix.size());
  auto size = parse_number(line);
  if (!size)
    return std::nullopt;
  request.size = *size;
  request.in_file = in_file;
  return request;
}

std::string format_report_header(std::size_t length) {
  return std::string(report_prefix) + std::to_string(length) + "\n";
}

std::string format_error(std::string_view text) {
  return std::string(error_prefix) + printable(text) + "\n";
}

std::string format_busy() { return std::string(busy_line) + "\n"; }

Answer parse_answer(std::string_view line) {
  Answer answer;
  if (line == busy_line) {
    answer.kind = Answer::Kind::busy;
    answer.text = "this user has too many connections to it";
    return answer;
  }
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
