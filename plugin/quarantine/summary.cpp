#include "plugin/quarantine/summary.h"

#include "common/ascii.h"
#include "common/report.h"
#include "common/safe-text.h"
#include "plugin/quarantine/block.h"

#include <algorithm>
#include <array>

namespace smime {
namespace {

struct Range {
  char32_t first;
  char32_t last;
};

// Unicode's East Asian Width W and F, and emoji; blocks as a whole.
constexpr std::array<Range, 14> wide{{
    {0x1100, 0x115f},
    {0x2e80, 0x303e},
    {0x3041, 0x4dbf},
    {0x4e00, 0xa4cf},
    {0xa960, 0xa97f},
    {0xac00, 0xd7a3},
    {0xf900, 0xfaff},
    {0xfe30, 0xfe6f},
    {0xff01, 0xff60},
    {0xffe0, 0xffe6},
    {0x1f300, 0x1f64f},
    {0x1f680, 0x1f6ff},
    {0x1f900, 0x1f9ff},
    {0x20000, 0x3fffd},
}};

constexpr ClassSet telling_classes = any_encrypted_classes | ClassSet(MessageClass::malformed) |
                                     ClassSet(MessageClass::non_canonical);

// Marks that stand on the character before them.
constexpr std::array<Range, 12> combining{{
    {0x300, 0x36f},
    {0x483, 0x489},
    {0x591, 0x5bd},
    {0x610, 0x61a},
    {0x64b, 0x65f},
    {0xe34, 0xe3a},
    {0xe47, 0xe4e},
    {0x1ab0, 0x1aff},
    {0x1dc0, 0x1dff},
    {0x20d0, 0x20ff},
    {0xfe00, 0xfe0f},
    {0xfe20, 0xfe2f},
}};

template <std::size_t N> bool is_in(const std::array<Range, N> &ranges, char32_t c) {
  return std::any_of(ranges.begin(), ranges.end(),
                     [c](const Range &range) { return c >= range.first && c <= range.last; });
}

std::size_t columns_of(char32_t c) {
  if (c < 0x300)
    return 1;
  if (is_in(combining, c))
    return 0;
  return is_in(wide, c) ? 2 : 1;
}

// Takes one character off valid UTF-8.
char32_t next_character(std::string_view &text) {
  auto first = static_cast<unsigned char>(text[0]);
  std::size_t length = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  length = std::min(length, text.size());
  char32_t c = length == 1 ? first : first & (0xffU >> (length + 1));
  for (std::size_t i = 1; i < length; i++)
    c = (c << 6) | (static_cast<unsigned char>(text[i]) & 0x3fU);
  text.remove_prefix(length);
  return c;
}

std::size_t columns_of(std::string_view text) {
  std::size_t columns = 0;
  while (!text.empty())
    columns += columns_of(next_character(text));
  return columns;
}

// As much from the beginning as has room, in valid UTF-8.
std::string_view beginning(std::string_view text, std::size_t columns) {
  std::string_view rest = text;
  std::size_t used = 0;
  while (!rest.empty()) {
    std::string_view before = rest;
    used += columns_of(next_character(rest));
    if (used > columns)
      return text.substr(0, text.size() - before.size());
  }
  return text;
}

// Harmless, and no wider than this.
std::string cut_to(std::string_view text, std::size_t columns) {
  constexpr std::string_view mark = "...";
  // What is longer than this is cut in any case; the rest need not be looked at.
  constexpr std::size_t enough = 2000;
  std::string safe = terminal_text(text.substr(0, enough));
  if (columns_of(safe) <= columns)
    return safe;
  return std::string(beginning(safe, columns - std::min(columns, mark.size()))) +
         std::string(mark.substr(0, columns));
}

// "2026-11-29T02:44:05Z"
std::string short_time(const std::string &time, std::int64_t now) {
  constexpr std::int64_t long_ago = 300LL * 24 * 3600;
  if (time.size() < 16)
    return time;
  if (time < format_time(now - long_ago))
    return time.substr(0, 10);
  return time.substr(5, 5) + " " + time.substr(11, 5);
}

// Of what is not held any more, what became of it counts.
bool is_gone(const HeldRow &row) {
  return !row.state.empty() && row.state != "held" && row.state != "requested";
}

// Why in a word, where there is one: the classes that no scanner can look into. What else a
// rule asked for is in its reason.
std::string short_why(const HeldRow &row) {
  if (is_gone(row))
    return row.state;
  std::string found;
  std::string_view rest = row.classes;
  while (!rest.empty()) {
    std::string_view word = rest.substr(0, rest.find(' '));
    rest.remove_prefix(std::min(rest.size(), word.size() + 1));
    auto c = class_from_name(word);
    if (c && telling_classes.has(*c))
      found += (found.empty() ? "" : ",") + std::string(word);
  }
  if (!found.empty())
    return found;
  // Not held by us; what the row says instead is long.
  return row.id.empty() ? row.classes : row.reason;
}

bool is_owners(const std::string &address, const std::string &owner) {
  std::string to = lower(address);
  std::string name = lower(owner);
  return to == name || to.starts_with(name + "@") || to.empty();
}

struct Column {
  std::string_view title;
  std::size_t width;
  bool right = false;
};

constexpr std::array<Column, 6> columns{{
    {"ID", short_id},
    {"HELD (UTC)", 11},
    {"SIZE", 5, true},
    {"OWNER", 14},
    {"FROM", 20},
    {"WHY", 17},
}};

std::string join_columns(const std::array<std::string, columns.size()> &cells) {
  std::string line;
  for (std::size_t i = 0; i < columns.size(); i++)
    line += (i == 0 ? "" : " ") + fit_columns(cells[i], columns[i].width, columns[i].right);
  line.erase(line.find_last_not_of(' ') + 1);
  return line;
}

} // namespace

std::string fit_columns(std::string_view text, std::size_t width, bool right) {
  std::string cell = cut_to(text, width);
  std::string blanks(width - std::min(width, columns_of(cell)), ' ');
  return right ? blanks + cell : cell + blanks;
}

std::string short_size(std::uint64_t bytes) {
  constexpr std::string_view units = "KMGTPE";
  if (bytes < 1000)
    return std::to_string(bytes);
  std::uint64_t tenths = bytes / 1024 * 10 + bytes % 1024 * 10 / 1024;
  std::size_t unit = 0;
  for (; tenths >= 10000; unit++)
    tenths /= 1024;
  return std::to_string(tenths / 10) +
         (tenths < 100 ? "." + std::to_string(tenths % 10) : std::string()) + units[unit];
}

bool may_name_id(std::string_view text) {
  return text.size() >= min_id_prefix && text.size() <= 32 &&
         text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

std::string summary_title() {
  std::array<std::string, columns.size()> cells;
  for (std::size_t i = 0; i < columns.size(); i++)
    cells[i] = columns[i].title;
  return join_columns(cells);
}

std::string summary_of(const HeldRow &row, std::int64_t now) {
  return join_columns({row.id.substr(0, short_id), short_time(row.time, now), short_size(row.size),
                       row.user, row.from, short_why(row)});
}

std::string about_text(const HeldRow &row) {
  constexpr std::size_t width = summary_width - short_id - 1;
  std::string more;
  // All of them have room in the line.
  std::size_t from_width = row.requested_by.empty() ? 38 : 22;
  if (!row.requested_by.empty())
    more += " | requested";
  if (row.id.empty())
    more += " | " + cut_to(row.reason, 38);
  else if (is_gone(row) && !row.who.empty())
    more += " | by " + cut_to(row.who, 38);
  else if (lower(row.header_from_address) != lower(row.from))
    more += " | From: " + cut_to(row.header_from.empty() ? "(none)" : row.header_from, from_width);
  if (!is_owners(row.to, row.user))
    more += " | to " + cut_to(row.to, more.empty() ? 38 : 20);
  std::size_t rest = width - std::min(width, columns_of(more));
  return cut_to(row.subject.empty() ? "(no subject)" : row.subject, rest) + more;
}

} // namespace smime
