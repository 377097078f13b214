#include "plugin/quarantine/block.h"

#include "common/ascii.h"
#include "common/safe-text.h"

#include <algorithm>
#include <array>
#include <ctime>
#include <utility>

namespace smime {
namespace {

constexpr std::string_view prefix = "X-SMIME-Quarantine-";
constexpr std::size_t fold_width = 76;

constexpr std::string_view base64 = "base64";

struct Field {
  std::string_view name;
  std::string QuarantineRecord::*member;
  // Left out if it is empty.
  bool optional = false;
};

constexpr std::array<Field, 13> fields{{
    {"Id", &QuarantineRecord::id},
    {"Time", &QuarantineRecord::time},
    {"Mailbox", &QuarantineRecord::mailbox},
    {"From", &QuarantineRecord::from},
    {"To", &QuarantineRecord::to},
    {"User", &QuarantineRecord::user, true},
    {"Rule", &QuarantineRecord::rule},
    {"Reason", &QuarantineRecord::reason},
    {"Report", &QuarantineRecord::report},
    {"Identity", &QuarantineRecord::identity, true},
    {"Exact-SHA256", &QuarantineRecord::exact_sha256, true},
    {"Encoding", &QuarantineRecord::encoding, true},
    {"SHA256", &QuarantineRecord::sha256},
}};

// Folds JSON behind commas that are outside its strings, where white space has
// no meaning, so that unfolding needs no care.
std::string fold_json(std::string_view json) {
  std::string result;
  std::size_t column = fold_width / 2;
  bool in_string = false;
  bool escaped = false;
  for (char c : json) {
    result += c;
    column++;
    if (escaped)
      escaped = false;
    else if (in_string && c == '\\')
      escaped = true;
    else if (c == '"')
      in_string = !in_string;
    else if (c == ',' && !in_string && column >= fold_width) {
      result += "\r\n ";
      column = 1;
    }
  }
  return result;
}

bool is_hex(std::string_view text, std::size_t length) {
  return text.size() == length && std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

// Takes one line off text, without its line end. Returns false if none ends.
bool next_line(std::string_view &text, std::string_view &line) {
  auto newline = text.find('\n');
  if (newline == std::string_view::npos)
    return false;
  line = text.substr(0, newline);
  if (line.ends_with('\r'))
    line.remove_suffix(1);
  text.remove_prefix(newline + 1);
  return true;
}

bool begins_field(std::string_view text, const Field &field) {
  if (!text.starts_with(prefix))
    return false;
  text.remove_prefix(prefix.size());
  return text.starts_with(field.name) && text.substr(field.name.size()).starts_with(": ");
}

bool read_field(std::string_view &text, const Field &field, QuarantineRecord &record) {
  if (!begins_field(text, field))
    return field.optional;
  std::string_view line;
  if (!next_line(text, line))
    return false;
  std::string value(line.substr(prefix.size() + field.name.size() + 2));
  // The last field is never folded: what follows belongs to the original, even if it begins
  // with white space.
  if (field.member == &QuarantineRecord::sha256) {
    record.sha256 = std::move(value);
    return true;
  }
  while (text.starts_with(' ') || text.starts_with('\t')) {
    if (!next_line(text, line))
      return false;
    value += line;
  }
  // JSON has its own escapes.
  bool is_json = field.member == &QuarantineRecord::report;
  record.*(field.member) = is_json ? std::move(value) : text_of_header(value);
  return true;
}

// The fields that mail readers show in their lists.
constexpr std::array<std::string_view, 5> shown_fields{
    "from:", "to:", "subject:", "date:", "message-id:"};
constexpr std::size_t max_shown_field = 900;

// Text of the original's that stands in our header must not end it, or hide anything.
bool is_shown(std::string_view line) {
  if (line.size() > max_shown_field ||
      !std::all_of(line.begin(), line.end(), [](char c) { return c >= 0x20 && c < 0x7f; }))
    return false;
  return std::any_of(shown_fields.begin(), shown_fields.end(), [&](std::string_view name) {
    return line.size() > name.size() && begins_ignoring_case(line, name);
  });
}

// Where the header that begins in text ends, behind its empty line; npos if it does not.
std::size_t find_header_end(std::string_view text) {
  std::string_view rest = text;
  std::string_view line;
  while (next_line(rest, line)) {
    if (line.empty())
      return text.size() - rest.size();
  }
  return std::string_view::npos;
}

} // namespace

std::string format_block(const QuarantineRecord &record) {
  std::string block;
  for (const Field &field : fields) {
    const std::string &text = record.*(field.member);
    if (field.optional && text.empty())
      continue;
    // JSON has escapes of its own, and a backslash in it is one.
    std::string value = field.member == &QuarantineRecord::report ? fold_json(terminal_text(text))
                                                                  : header_text(text);
    block += prefix;
    block += field.name;
    block += ": " + value + "\r\n";
  }
  return block;
}

std::string format_encoded_head(std::string_view original) {
  std::string head;
  std::string_view line;
  while (next_line(original, line) && !line.empty()) {
    // What is folded is not shown.
    bool folded = original.starts_with(' ') || original.starts_with('\t');
    if (!folded && is_shown(line))
      head += std::string(line) + "\r\n";
  }
  return head + "MIME-Version: 1.0\r\n"
                "Content-Type: application/octet-stream; name=\"original.eml\"\r\n"
                "Content-Disposition: attachment; filename=\"original.eml\"\r\n"
                "Content-Transfer-Encoding: base64\r\n"
                "\r\n";
}

std::optional<ParsedBlock> parse_block(std::string_view message) {
  std::string_view rest = message.substr(0, max_block_size);
  std::size_t available = rest.size();
  ParsedBlock block;
  for (const Field &field : fields) {
    if (!read_field(rest, field, block.record))
      return std::nullopt;
  }
  const QuarantineRecord &record = block.record;
  if (!is_quarantine_id(record.id) || !is_hex(record.sha256, 64) ||
      !(record.identity.empty() || is_hex(record.identity, 64)) ||
      !(record.exact_sha256.empty() || is_hex(record.exact_sha256, 64)) ||
      !(record.encoding.empty() || record.encoding == base64))
    return std::nullopt;
  block.size = available - rest.size();
  if (block.is_encoded()) {
    std::size_t head = find_header_end(rest);
    if (head == std::string_view::npos)
      return std::nullopt;
    block.size += head;
  }
  return block;
}

bool is_quarantine_id(std::string_view text) { return is_hex(text, 32); }

std::string format_time(std::int64_t seconds) {
  auto time = static_cast<std::time_t>(seconds);
  std::tm parts{};
  if (gmtime_r(&time, &parts) == nullptr)
    return {};
  std::array<char, 32> text{};
  std::size_t length = std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &parts);
  return {text.data(), length};
}

std::optional<std::int64_t> parse_time(const std::string &text) {
  std::tm parts{};
  const char *end = strptime(text.c_str(), "%Y-%m-%dT%H:%M:%SZ", &parts);
  if (end == nullptr || *end != '\0')
    return std::nullopt;
  std::int64_t seconds = timegm(&parts);
  return format_time(seconds) == text ? std::optional(seconds) : std::nullopt;
}

} // namespace smime
