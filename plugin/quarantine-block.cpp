#include "quarantine-block.h"

#include <algorithm>
#include <array>
#include <ctime>
#include <utility>

namespace smime {
namespace {

constexpr std::string_view prefix = "X-SMIME-Quarantine-";
constexpr std::size_t fold_width = 76;

struct Field {
  std::string_view name;
  std::string QuarantineRecord::*member;
};

constexpr std::array<Field, 9> fields{{
    {"Id", &QuarantineRecord::id},
    {"Time", &QuarantineRecord::time},
    {"Mailbox", &QuarantineRecord::mailbox},
    {"From", &QuarantineRecord::from},
    {"To", &QuarantineRecord::to},
    {"Rule", &QuarantineRecord::rule},
    {"Reason", &QuarantineRecord::reason},
    {"Report", &QuarantineRecord::report},
    {"SHA256", &QuarantineRecord::sha256},
}};

// No value may end the field or begin another one.
std::string one_line(std::string_view value) {
  std::string result(value);
  for (char &c : result) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f)
      c = ' ';
  }
  return result;
}

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

bool read_field(std::string_view &text, const Field &field, QuarantineRecord &record) {
  std::string_view line;
  if (!next_line(text, line) || !line.starts_with(prefix))
    return false;
  line.remove_prefix(prefix.size());
  if (!line.starts_with(field.name) || !line.substr(field.name.size()).starts_with(": "))
    return false;
  std::string value(line.substr(field.name.size() + 2));
  while (text.starts_with(' ') || text.starts_with('\t')) {
    if (!next_line(text, line))
      return false;
    value += line;
  }
  record.*(field.member) = std::move(value);
  return true;
}

} // namespace

std::string format_block(const QuarantineRecord &record) {
  std::string block;
  for (const Field &field : fields) {
    std::string value = one_line(record.*(field.member));
    if (field.member == &QuarantineRecord::report)
      value = fold_json(value);
    block += prefix;
    block += field.name;
    block += ": " + value + "\r\n";
  }
  return block;
}

std::optional<ParsedBlock> parse_block(std::string_view message) {
  std::string_view rest = message.substr(0, max_block_size);
  std::size_t available = rest.size();
  ParsedBlock block;
  for (const Field &field : fields) {
    // The last field is never folded: what follows belongs to the original,
    // even if it begins with white space.
    if (field.member == &QuarantineRecord::sha256) {
      std::string_view line;
      if (!next_line(rest, line) || !line.starts_with(prefix) ||
          !line.substr(prefix.size()).starts_with("SHA256: "))
        return std::nullopt;
      block.record.sha256 = line.substr(prefix.size() + 8);
    } else if (!read_field(rest, field, block.record)) {
      return std::nullopt;
    }
  }
  if (!is_quarantine_id(block.record.id) || !is_hex(block.record.sha256, 64))
    return std::nullopt;
  block.size = available - rest.size();
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

} // namespace smime
