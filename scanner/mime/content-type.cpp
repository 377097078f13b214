#include "scanner/mime/content-type.h"

#include "common/ascii.h"
#include "scanner/base/base64.h"

#include <algorithm>
#include <cstdint>
#include <optional>

namespace smime {
namespace {

constexpr std::string_view blanks = " \t\r\n";

// Parameters that are kept, and pieces of a boundary.
constexpr std::size_t max_parameters = 32;
constexpr std::size_t max_value = 1024;
constexpr std::size_t max_pieces = 64;
// The word boundary in a field, and what may stand between it and its "=".
constexpr unsigned max_words = 64;
constexpr std::size_t max_form = 16;

std::string_view trimmed(std::string_view text) {
  auto first = text.find_first_not_of(blanks);
  if (first == std::string_view::npos)
    return {};
  return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

// What a field's folding leaves of a value: no line ends.
std::string unfolded(std::string_view text) {
  std::string result;
  std::copy_if(text.begin(), text.end(), std::back_inserter(result),
               [](char c) { return c != '\r' && c != '\n'; });
  return result;
}

int digit_of(char c) {
  if (c >= '0' && c <= '9')
    return c - '0';
  if (lower(c) >= 'a' && lower(c) <= 'f')
    return lower(c) - 'a' + 10;
  return -1;
}

// escape stands before two hexadecimal digits.
std::string unescaped(std::string_view text, char escape) {
  std::string result;
  for (std::size_t at = 0; at < text.size(); at++) {
    int high = at + 2 < text.size() ? digit_of(text[at + 1]) : -1;
    int low = at + 2 < text.size() ? digit_of(text[at + 2]) : -1;
    if (text[at] != escape || high < 0 || low < 0) {
      result += text[at];
      continue;
    }
    result += static_cast<char>(high * 16 + low);
    at += 2;
  }
  return result;
}

// The value that begins at the beginning of text, quoted or not, and how long it is.
struct Value {
  std::string text;
  std::size_t length = 0;
  // As others end it, or read its escapes; empty if they do it in the same way.
  std::string other;
};

Value read_quoted(std::string_view text) {
  Value value;
  std::string raw;
  std::size_t at = 1;
  for (; at < text.size() && text[at] != '"'; at++) {
    if (text[at] == '\\' && at + 1 < text.size()) {
      raw += '\\';
      at++;
    }
    raw += text[at];
    value.text += text[at];
  }
  value.length = std::min(text.size(), at + 1);
  value.text = unfolded(value.text);
  if (raw.size() != value.text.size())
    value.other = unfolded(raw);
  return value;
}

Value read_value(std::string_view text) {
  if (text.starts_with('"'))
    return read_quoted(text);
  Value value;
  value.length = std::min(text.find(';'), text.size());
  std::string_view all = trimmed(text.substr(0, value.length));
  value.text = all.substr(0, all.find_first_of(" \t\r\n("));
  if (value.text.size() != all.size())
    value.other = unfolded(all);
  return value;
}

// The number of a piece of a parameter (RFC 2231 section 3), and whether it is escaped.
struct Form {
  std::optional<std::size_t> piece;
  bool extended = false;
};

// text is what stands between a parameter's name and "=".
std::optional<Form> form_of(std::string_view text) {
  Form form;
  text = trimmed(text);
  if (text.empty())
    return form;
  if (!text.starts_with('*'))
    return std::nullopt;
  text.remove_prefix(1);
  form.extended = text.empty() || text.ends_with('*');
  if (text.ends_with('*'))
    text.remove_suffix(1);
  if (text.empty())
    return form;
  std::size_t number = 0;
  for (char c : text) {
    if (c < '0' || c > '9' || number > max_pieces)
      return std::nullopt;
    number = number * 10 + static_cast<std::size_t>(c - '0');
  }
  form.piece = number;
  return form;
}

std::string without_charset(std::string_view text) {
  auto first = text.find('\'');
  auto second = first == std::string_view::npos ? first : text.find('\'', first + 1);
  return std::string(second == std::string_view::npos ? text : text.substr(second + 1));
}

void add_boundary(LooseType &read, std::string boundary) {
  if (boundary.empty())
    return;
  read.odd = read.odd || boundary.size() > max_kept_boundary || boundary.ends_with(' ') ||
             boundary.ends_with('\t') || boundary.find('\0') != std::string::npos;
  boundary.resize(std::min(boundary.size(), max_kept_boundary));
  auto &all = read.boundaries;
  if (std::find(all.begin(), all.end(), boundary) != all.end())
    return;
  if (all.size() < max_boundaries)
    all.push_back(std::move(boundary));
  else
    read.contradicting = true;
}

// Of the pieces of one boundary.
using Pieces = std::vector<std::pair<std::size_t, std::string>>;

std::string joined(Pieces pieces) {
  std::stable_sort(pieces.begin(), pieces.end(),
                   [](const auto &a, const auto &b) { return a.first < b.first; });
  std::string all;
  for (const auto &[number, text] : pieces)
    all += text;
  return all;
}

// Whether a parameter's name may begin at text[at] for some reader.
bool may_begin(std::string_view text, std::size_t at) {
  return at == 0 || text[at - 1] == ';' || text[at - 1] == ',' ||
         blanks.find(text[at - 1]) != std::string_view::npos;
}

// Wherever the word stands as a name does, in quotes as well: what is quoted is something that
// readers differ about.
void read_boundaries(std::string_view text, LooseType &read) {
  static constexpr std::string_view word = "boundary";
  const std::string small = lower(text);
  std::optional<std::string> plain;
  Pieces pieces;
  unsigned words = 0;
  for (std::size_t at = small.find(word); at != std::string::npos;
       at = small.find(word, at + word.size())) {
    std::string_view behind = text.substr(at + word.size());
    std::size_t equals = behind.substr(0, max_form).find('=');
    if (equals == std::string_view::npos || !may_begin(small, at))
      continue;
    auto form = form_of(behind.substr(0, equals));
    if (!form)
      continue;
    if (++words > max_words) {
      read.contradicting = true;
      break;
    }
    std::string_view rest = behind.substr(equals + 1);
    rest.remove_prefix(std::min(rest.size(), rest.find_first_not_of(blanks)));
    Value value = read_value(rest);
    if (form->piece || form->extended) {
      std::string piece = value.text;
      if (form->extended && form->piece.value_or(0) == 0)
        piece = without_charset(piece);
      if (pieces.size() < max_pieces)
        pieces.emplace_back(form->piece.value_or(0),
                            form->extended ? unescaped(piece, '%') : piece);
      continue;
    }
    read.contradicting = read.contradicting || (plain && *plain != value.text);
    plain = value.text;
    add_boundary(read, value.text);
    add_boundary(read, value.other);
  }
  if (pieces.empty())
    return;
  std::string whole = joined(pieces);
  bool is_twice = false;
  for (std::size_t i = 0; i < pieces.size(); i++)
    for (std::size_t k = i + 1; k < pieces.size(); k++)
      is_twice = is_twice || pieces[i].first == pieces[k].first;
  read.contradicting = read.contradicting || is_twice || (plain && *plain != whole);
  add_boundary(read, whole);
}

// Pairs between semicolons; of the forms of RFC 2231 the first piece is enough here.
void read_parameters(std::string_view text, LooseType &read) {
  while (!text.empty() && read.parameters.size() < max_parameters) {
    std::size_t end = text.find_first_of("=;\"");
    if (end == std::string_view::npos)
      return;
    if (text[end] == ';') {
      text.remove_prefix(end + 1);
      continue;
    }
    if (text[end] == '"') {
      text.remove_prefix(end + read_quoted(text.substr(end)).length);
      continue;
    }
    std::string name = lower(trimmed(text.substr(0, end)));
    text.remove_prefix(end + 1);
    text.remove_prefix(std::min(text.size(), text.find_first_not_of(blanks)));
    Value value = read_value(text);
    text.remove_prefix(value.length);
    bool extended = name.ends_with('*');
    name = name.substr(0, name.find('*'));
    // What a missing semicolon leaves before the name is none of it.
    if (auto blank = name.find_last_of(blanks); blank != std::string::npos)
      name.erase(0, blank + 1);
    bool is_known = std::any_of(read.parameters.begin(), read.parameters.end(),
                                [&](const auto &known) { return known.first == name; });
    if (name.empty() || name == "boundary" || is_known)
      continue;
    if (extended)
      value.text = unescaped(without_charset(value.text), '%');
    value.text.resize(std::min(value.text.size(), max_value));
    read.parameters.emplace_back(name, value.text);
  }
}

// One encoded word at the beginning of text (RFC 2047 section 2), and its length.
std::optional<std::pair<std::string, std::size_t>> encoded_word(std::string_view text) {
  if (!text.starts_with("=?"))
    return std::nullopt;
  std::size_t charset_end = text.find('?', 2);
  if (charset_end == std::string_view::npos || charset_end + 2 >= text.size() ||
      text[charset_end + 2] != '?')
    return std::nullopt;
  std::size_t end = text.find("?=", charset_end + 3);
  if (end == std::string_view::npos)
    return std::nullopt;
  std::string_view content = text.substr(charset_end + 3, end - charset_end - 3);
  std::string clear;
  if (lower(text[charset_end + 1]) == 'b') {
    std::vector<unsigned char> bytes;
    Base64Decoder decoder;
    decoder.decode(as_bytes(content), bytes);
    clear.assign(bytes.begin(), bytes.end());
  } else {
    clear = unescaped(content, '=');
    std::replace(clear.begin(), clear.end(), '_', ' ');
  }
  return std::pair(clear, end + 2);
}

std::string without_encoded_words(std::string_view value) {
  std::string result;
  bool after_word = false;
  while (!value.empty()) {
    auto word = encoded_word(value);
    if (word) {
      // Blanks between two of them are none of the text.
      if (after_word)
        result.erase(result.find_last_not_of(" \t\r\n") + 1);
      result += word->first;
      value.remove_prefix(word->second);
      after_word = true;
      continue;
    }
    after_word = after_word && blanks.find(value.front()) != std::string_view::npos;
    result += value.front();
    value.remove_prefix(1);
  }
  return result;
}

} // namespace

LooseType read_loosely(std::string_view value) {
  LooseType read;
  std::string_view text = trimmed(value);
  while (text.starts_with('(')) {
    text.remove_prefix(std::min(text.size(), text.find(')')));
    text = trimmed(text.substr(std::min<std::size_t>(text.size(), 1)));
  }
  if (text.starts_with('"'))
    text.remove_prefix(1);
  std::size_t end = std::min(text.find_first_of(" \t\r\n;,(\"="), text.size());
  read.type = lower(text.substr(0, std::min(end, max_value)));
  text.remove_prefix(end);
  // "multipart / mixed" and a multipart of no kind are both a multipart.
  if (read.type == "multipart" || read.type == "multipart/")
    read.type = "multipart/mixed";
  read_boundaries(text, read);
  read_parameters(text.substr(std::min(text.size(), text.find_first_of(" \t\r\n;,"))), read);
  return read;
}

std::string plain_field(const LooseType &read, std::string_view boundary) {
  std::string field = "Content-Type: " + read.type;
  auto add = [&](std::string_view name, std::string_view value) {
    field += ";\r\n " + std::string(name) + "=\"";
    for (char c : value) {
      if (c == '"' || c == '\\')
        field += '\\';
      if (c != '\r' && c != '\n' && c != '\0')
        field += c;
    }
    field += '"';
  };
  auto is_token = [](const std::string &name) {
    return std::all_of(name.begin(), name.end(), [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
    });
  };
  for (const auto &[name, value] : read.parameters)
    if (is_token(name))
      add(name, value);
  if (!boundary.empty())
    add("boundary", boundary);
  return field + "\r\n";
}

std::string decoded_name(std::string_view value, bool extended) {
  if (extended)
    return unescaped(without_charset(value), '%');
  return value.find("=?") == std::string_view::npos ? std::string(value)
                                                    : without_encoded_words(value);
}

} // namespace smime
