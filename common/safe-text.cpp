#include "common/safe-text.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>

namespace smime {
namespace {

struct Range {
  std::uint32_t first;
  std::uint32_t last;
};

// What a reader does not see, or sees in another order than it stands.
constexpr std::array<Range, 19> unseen{{
    {0x00, 0x1f},       // C0
    {0x7f, 0x9f},       // DEL and C1
    {0xad, 0xad},       // soft hyphen
    {0x34f, 0x34f},     // combining grapheme joiner
    {0x61c, 0x61c},     // Arabic letter mark
    {0x115f, 0x1160},   // Hangul fillers
    {0x17b4, 0x17b5},   // Khmer vowels that are not shown
    {0x180b, 0x180f},   // Mongolian selectors
    {0x200b, 0x200f},   // zero width, joiners, marks of direction
    {0x2028, 0x202e},   // separators of lines and paragraphs, direction
    {0x2060, 0x206f},   // invisible operators, isolates of direction
    {0x3164, 0x3164},   // Hangul filler
    {0xfeff, 0xfeff},   // zero width no-break space
    {0xffa0, 0xffa0},   // Hangul filler
    {0xfff0, 0xfffb},   // interlinear annotations and what is before them
    {0xfffe, 0xffff},   // no characters
    {0x1bca0, 0x1bca3}, // shorthand controls
    {0x1d173, 0x1d17a}, // musical controls
    {0xe0000, 0xe0fff}, // tags, selectors
}};

bool is_seen(std::uint32_t character) {
  return std::none_of(unseen.begin(), unseen.end(), [&](const Range &range) {
    return character >= range.first && character <= range.last;
  });
}

struct Character {
  std::uint32_t code;
  std::size_t length;
};

constexpr std::size_t longest_character = 4;

// The character that text begins with; nullopt if that is none (RFC 3629: overlong forms,
// surrogates and what is above U+10FFFF are none).
std::optional<Character> first_character(std::string_view text) {
  auto first = static_cast<unsigned char>(text[0]);
  if (first < 0x80)
    return Character{first, 1};
  std::size_t length = first < 0xc2   ? 0
                       : first < 0xe0 ? 2
                       : first < 0xf0 ? 3
                       : first < 0xf5 ? 4
                                      : 0;
  if (length == 0 || length > text.size())
    return std::nullopt;
  std::uint32_t code = first & (0x7fU >> length);
  for (std::size_t i = 1; i < length; i++) {
    auto next = static_cast<unsigned char>(text[i]);
    if ((next & 0xc0U) != 0x80)
      return std::nullopt;
    code = (code << 6U) | (next & 0x3fU);
  }
  static constexpr std::array<std::uint32_t, longest_character + 1> least{0, 0, 0x80, 0x800,
                                                                          0x10000};
  bool is_surrogate = code >= 0xd800 && code <= 0xdfff;
  return code < least.at(length) || is_surrogate || code > 0x10ffff
             ? std::nullopt
             : std::optional(Character{code, length});
}

void append_escaped(std::string &result, std::string_view bytes) {
  static constexpr std::string_view digits = "0123456789abcdef";
  for (char c : bytes) {
    auto byte = static_cast<unsigned char>(c);
    result += "\\x";
    result += digits[byte >> 4U];
    result += digits[byte & 0xfU];
  }
}

int digit_value(char c) {
  return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

// Whether text begins with what append_escaped() makes of a byte.
bool is_escape(std::string_view text) {
  return text.size() >= 4 && text[0] == '\\' && text[1] == 'x' && digit_value(text[2]) >= 0 &&
         digit_value(text[3]) >= 0;
}

struct Form {
  bool keep_lines = false;
  bool ascii_only = false;
  bool reversible = false;
  std::size_t most = std::string::npos;
};

// How many bytes at the beginning of text stand as they are, as one; 0 if the first is to be
// written as \xNN.
std::size_t plain_length(std::string_view text, const Form &form) {
  if (form.keep_lines && (text[0] == '\n' || text[0] == '\t'))
    return 1;
  if (form.keep_lines && text.starts_with("\r\n"))
    return 2;
  if (form.reversible && is_escape(text))
    return 0;
  auto character = first_character(text);
  if (!character || !is_seen(character->code) || (form.ascii_only && character->code > 0x7e))
    return 0;
  return character->length;
}

// Most text is nothing but this.
bool is_simple(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return c >= ' ' && c <= '~' && c != '\\'; });
}

std::string make_safe(std::string_view text, const Form &form) {
  if (text.size() <= form.most && is_simple(text))
    return std::string(text);
  std::string result;
  while (!text.empty()) {
    std::size_t length = plain_length(text, form);
    std::string piece(text.substr(0, length));
    if (length == 0) {
      auto character = first_character(text);
      length = character ? character->length : 1;
      append_escaped(piece, text.substr(0, length));
    }
    if (piece.size() > form.most - std::min(form.most, result.size()))
      return result + "...";
    result += piece;
    text.remove_prefix(length);
  }
  return result;
}

} // namespace

std::string terminal_text(std::string_view text) { return make_safe(text, {}); }

std::string terminal_lines(std::string_view text) {
  Form form;
  form.keep_lines = true;
  return make_safe(text, form);
}

std::string log_text(std::string_view text) {
  Form form;
  form.most = max_log_text;
  return make_safe(text, form);
}

std::string mail_text(std::string_view text) { return mail_text(text, max_mail_text); }

std::string mail_text(std::string_view text, std::size_t most) {
  Form form;
  form.most = most;
  return make_safe(text, form);
}

std::string html_text(std::string_view text) { return html_text(text, max_mail_text); }

std::string html_text(std::string_view text, std::size_t most) {
  std::string result;
  for (char c : mail_text(text, most)) {
    switch (c) {
    case '&': result += "&amp;"; break;
    case '<': result += "&lt;"; break;
    case '>': result += "&gt;"; break;
    case '"': result += "&quot;"; break;
    case '\'': result += "&#39;"; break;
    default: result += c;
    }
  }
  return result;
}

std::string reply_text(std::string_view text) {
  Form form;
  form.most = max_reply_text;
  std::string result;
  if (text.starts_with('[')) {
    append_escaped(result, "[");
    text.remove_prefix(1);
  }
  return result + make_safe(text, form);
}

std::string header_text(std::string_view text) {
  Form form;
  form.reversible = true;
  return make_safe(text, form);
}

std::string text_of_header(std::string_view value) {
  std::string result;
  while (!value.empty()) {
    bool escaped = is_escape(value);
    result +=
        escaped ? static_cast<char>(digit_value(value[2]) * 16 + digit_value(value[3])) : value[0];
    value.remove_prefix(escaped ? 4 : 1);
  }
  return result;
}

std::string header_ascii(std::string_view text, std::size_t most) {
  Form form;
  form.ascii_only = true;
  form.most = most;
  return make_safe(text, form);
}

std::string header_line(std::string_view line) {
  Form form;
  form.keep_lines = true;
  form.most = max_header_line;
  return make_safe(line, form);
}

} // namespace smime
