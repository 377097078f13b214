#include "scanner/openpgp/visible-text.h"

#include "common/ascii.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

namespace smime {
namespace {

// What is longer is no tag, or one that hides more than it says.
constexpr std::size_t max_tag = 2048;
constexpr std::size_t max_entity = 24;

constexpr bool is_line_or_tab(unsigned char c) { return c == '\t' || c == '\r' || c == '\n'; }

constexpr bool is_special(unsigned char c) {
  return c >= 0x7f || c == '&' || c == '<' || (c < ' ' && !is_line_or_tab(c));
}

// UTF-8: how many bytes a letter has whose first is c, if it is one of those that matter.
constexpr std::size_t letter_size(unsigned char c) {
  if (c == 0xc2 || c == 0xcd || c == 0xd8)
    return 2;
  return c == 0xe1 || c == 0xe2 || c == 0xe3 || c == 0xef ? 3 : 0;
}

template <typename Test> constexpr std::array<bool, 256> make_table(Test test) {
  std::array<bool, 256> table{};
  for (unsigned c = 0; c < table.size(); c++)
    table[c] = test(static_cast<unsigned char>(c));
  return table;
}
// What is not copied as it is; and what is not in a tag.
constexpr auto stops =
    make_table([](unsigned char c) { return is_special(c) && (c <= 0x7f || letter_size(c) > 0); });
constexpr auto stops_in_tag = make_table(
    [](unsigned char c) { return c == '>' || c == 0x7f || (c < ' ' && !is_line_or_tab(c)); });

std::size_t run_until(const std::array<bool, 256> &table, Bytes bytes) {
  std::size_t size = 0;
  while (size < bytes.size() && !table[bytes[size]])
    size++;
  return size;
}

bool is_letter(unsigned char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_digit(unsigned char c) { return c >= '0' && c <= '9'; }

// Tags behind which a reader begins a new line.
constexpr std::array<std::string_view, 30> line_tags{
    "address", "article", "blockquote", "body", "br",  "center",  "dd",    "div", "dl",       "dt",
    "footer",  "form",    "h1",         "h2",   "h3",  "h4",      "h5",    "h6",  "header",   "hr",
    "html",    "li",      "ol",         "p",    "pre", "section", "table", "td",  "textarea", "tr"};

// How a character is seen that is not in ASCII, or not to be seen: nullopt if as itself.
enum class Seen : unsigned char { nothing, blank, dash, letter };

Seen how_seen(std::uint32_t c) {
  if (c == 0xa0 || (c >= 0x2000 && c <= 0x200a) || c == 0x202f || c == 0x205f || c == 0x3000 ||
      c == 0x1680)
    return Seen::blank;
  if (c == 0xad || c == 0x34f || c == 0x61c || c == 0x180e || (c >= 0x200b && c <= 0x200f) ||
      (c >= 0x202a && c <= 0x202e) || (c >= 0x2060 && c <= 0x206f) || c == 0xfeff ||
      (c >= 0xfe00 && c <= 0xfe0f))
    return Seen::nothing;
  // Programs and people write these for "-" and "--".
  if ((c >= 0x2010 && c <= 0x2015) || c == 0x2212 || c == 0xfe63 || c == 0xff0d)
    return Seen::dash;
  return Seen::letter;
}

struct NamedEntity {
  std::string_view name;
  std::uint32_t character;
};
// Those that armor can be written with.
constexpr std::array<NamedEntity, 33> entities{{
    {"minus", 0x2212},
    {"hyphen", 0x2010},
    {"dash", 0x2010},
    {"ndash", 0x2013},
    {"mdash", 0x2014},
    {"nbsp", 0xa0},
    {"ensp", 0x2002},
    {"emsp", 0x2003},
    {"thinsp", 0x2009},
    {"hairsp", 0x200a},
    {"numsp", 0x2007},
    {"puncsp", 0x2008},
    {"shy", 0xad},
    {"zwnj", 0x200c},
    {"zwj", 0x200d},
    {"lrm", 0x200e},
    {"rlm", 0x200f},
    {"NoBreak", 0x2060},
    {"ZeroWidthSpace", 0x200b},
    {"Tab", '\t'},
    {"NewLine", '\n'},
    {"plus", '+'},
    {"equals", '='},
    {"sol", '/'},
    {"colon", ':'},
    {"comma", ','},
    {"period", '.'},
    {"num", '#'},
    {"dollar", '$'},
    {"lt", '<'},
    {"gt", '>'},
    {"amp", '&'},
    {"semi", ';'},
}};

// The number in "#45" or "#x2d".
std::optional<std::uint32_t> numeric_entity(std::string_view text) {
  text.remove_prefix(1);
  bool hexadecimal = text.starts_with('x') || text.starts_with('X');
  if (hexadecimal)
    text.remove_prefix(1);
  if (text.empty())
    return std::nullopt;
  std::uint32_t number = 0;
  for (char c : text) {
    unsigned digit = is_digit(static_cast<unsigned char>(c)) ? static_cast<unsigned>(c - '0')
                     : c >= 'a' && c <= 'f'                  ? static_cast<unsigned>(c - 'a' + 10)
                     : c >= 'A' && c <= 'F'                  ? static_cast<unsigned>(c - 'A' + 10)
                                                             : 16;
    if (digit >= (hexadecimal ? 16U : 10U))
      return std::nullopt;
    number = std::min<std::uint32_t>(number * (hexadecimal ? 16 : 10) + digit, 0x110000);
  }
  return number;
}

std::optional<std::uint32_t> entity_character(std::string_view text) {
  if (text.starts_with('#'))
    return numeric_entity(text);
  const auto *found = std::find_if(entities.begin(), entities.end(),
                                   [&](const NamedEntity &e) { return e.name == text; });
  return found == entities.end() ? std::nullopt : std::optional(found->character);
}

void append_character(std::uint32_t c, std::string &text) {
  if (c < 0x7f) {
    if (c >= ' ' || is_line_or_tab(static_cast<unsigned char>(c)))
      text += static_cast<char>(c);
    return;
  }
  switch (how_seen(c)) {
  case Seen::nothing: return;
  case Seen::blank: text += ' '; return;
  case Seen::dash: text += c == 0x2014 ? "--" : "-"; return;
  // Which letter it is makes no difference.
  case Seen::letter: text += '\xff'; return;
  }
}

} // namespace

// In blocks of one size, which compilers make a few instructions each.
VisibleText::Look VisibleText::look(Bytes bytes) {
  constexpr std::size_t block = 64;
  Look look;
  for (; bytes.size() >= block; bytes = bytes.subspan(block)) {
    unsigned char special = 0;
    unsigned char odd = 0;
    for (std::size_t i = 0; i < block; i++) {
      unsigned char c = bytes[i];
      auto control = static_cast<unsigned char>(
          static_cast<unsigned char>(c < ' ') & static_cast<unsigned char>(c != '\t') &
          static_cast<unsigned char>(c != '\r') & static_cast<unsigned char>(c != '\n'));
      special = static_cast<unsigned char>(
          special | control | static_cast<unsigned char>(c >= 0x7f) |
          static_cast<unsigned char>(c == '&') | static_cast<unsigned char>(c == '<'));
      odd = static_cast<unsigned char>(odd + (control & static_cast<unsigned char>(c != 0)));
    }
    look.is_plain = look.is_plain && special == 0;
    look.odd += odd;
  }
  for (unsigned char c : bytes) {
    look.is_plain = look.is_plain && !is_special(c);
    look.odd += c != 0 && c < ' ' && !is_line_or_tab(c) ? 1 : 0;
  }
  return look;
}

void VisibleText::add(Bytes bytes, std::string &text) {
  while (!bytes.empty()) {
    bool in_tag = held_.size() > 1 && held_[0] == '<';
    if (!held_.empty() && !in_tag) {
      go_on(bytes[0], text);
      bytes = bytes.subspan(1);
      continue;
    }
    Bytes some = in_tag ? bytes.first(std::min(bytes.size(), max_tag - held_.size() - 1)) : bytes;
    std::size_t run = run_until(in_tag ? stops_in_tag : stops, some);
    (in_tag ? held_ : text).append(reinterpret_cast<const char *>(bytes.data()), run);
    bytes = bytes.subspan(run);
    if (bytes.empty())
      return;
    if (in_tag)
      go_on(bytes[0], text);
    else
      begin(bytes[0], text);
    bytes = bytes.subspan(1);
  }
}

void VisibleText::begin(unsigned char c, std::string &text) {
  if (!stops[c])
    text += static_cast<char>(c);
  else if (c == '<' || c == '&' || letter_size(c) > 0)
    held_ = static_cast<char>(c);
  // A control character has no width, and a NUL may be half of one of UTF-16.
}

void VisibleText::go_on(unsigned char c, std::string &text) {
  if (c == 0x7f || (c < ' ' && !is_line_or_tab(c)))
    return;
  if (held_[0] == '<')
    go_on_in_tag(c, text);
  else if (held_[0] == '&')
    go_on_in_entity(c, text);
  else
    go_on_in_letter(c, text);
}

void VisibleText::release(std::string &text) {
  text += held_;
  held_.clear();
}

void VisibleText::go_on_in_tag(unsigned char c, std::string &text) {
  if (held_.size() == 1 && !is_letter(c) && c != '/' && c != '!' && c != '?') {
    release(text);
    begin(c, text);
    return;
  }
  if (c == '>') {
    end_tag(text);
    return;
  }
  held_ += static_cast<char>(c);
  if (held_.size() >= max_tag)
    release(text);
}

// Text that is no HTML may have anything between two such characters: what is looked for is
// not dropped.
void VisibleText::end_tag(std::string &text) {
  std::string tag = std::exchange(held_, {});
  static constexpr std::array<std::string_view, 4> words{"BEGIN", "END", "ENC[", "U2Fsd"};
  bool may_have_word = tag.find_first_of("NU") != std::string::npos;
  if (may_have_word && std::any_of(words.begin(), words.end(), [&](std::string_view word) {
        return tag.find(word) != std::string::npos;
      })) {
    text += '\n';
    VisibleText inside;
    inside.add({reinterpret_cast<const unsigned char *>(tag.data()) + 1, tag.size() - 1}, text);
    inside.finish(text);
    text += '\n';
    return;
  }
  std::string name;
  for (std::size_t i = tag.starts_with("</") ? 2 : 1; i < tag.size() && name.size() < 12; i++) {
    auto c = static_cast<unsigned char>(tag[i]);
    if (!is_letter(c) && !is_digit(c))
      break;
    name += lower(tag[i]);
  }
  if (std::find(line_tags.begin(), line_tags.end(), name) != line_tags.end())
    text += '\n';
}

void VisibleText::go_on_in_entity(unsigned char c, std::string &text) {
  bool goes_on = is_letter(c) || is_digit(c) || (c == '#' && held_.size() == 1);
  if (goes_on && held_.size() < max_entity) {
    held_ += static_cast<char>(c);
    return;
  }
  auto character = entity_character(std::string_view(held_).substr(1));
  if (!character) {
    release(text);
    begin(c, text);
    return;
  }
  held_.clear();
  append_character(*character, text);
  if (c != ';')
    begin(c, text);
}

void VisibleText::go_on_in_letter(unsigned char c, std::string &text) {
  if ((c & 0xc0U) != 0x80) {
    release(text);
    begin(c, text);
    return;
  }
  held_ += static_cast<char>(c);
  auto first = static_cast<unsigned char>(held_[0]);
  std::size_t size = letter_size(first);
  if (held_.size() < size)
    return;
  std::uint32_t character = first & (size == 2 ? 0x1fU : 0x0fU);
  for (std::size_t i = 1; i < size; i++)
    character = character << 6U | (static_cast<unsigned char>(held_[i]) & 0x3fU);
  if (how_seen(character) == Seen::letter) {
    release(text);
    return;
  }
  held_.clear();
  append_character(character, text);
}

void VisibleText::finish(std::string &text) { release(text); }

} // namespace smime
