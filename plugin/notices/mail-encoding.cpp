#include "plugin/notices/mail-encoding.h"

#include <algorithm>
#include <openssl/evp.h>

namespace smime {
namespace {

constexpr std::size_t max_encoded_line = 76;
constexpr std::size_t max_field_line = 78;
// RFC 2047 section 2: of a line that has encoded words in it, and of what stands around the
// base64 in one.
constexpr std::size_t max_word_line = 76;
constexpr std::size_t word_marks = 12;

void append_quoted(std::string &line, char c) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  auto byte = static_cast<unsigned char>(c);
  line += '=';
  line += digits[byte >> 4U];
  line += digits[byte & 0xfU];
}

bool is_plain(char c) { return c == ' ' || c == '\t' || (c >= '!' && c <= '~' && c != '='); }

// One line of text without its end.
void append_line(std::string &result, std::string_view text) {
  std::string line;
  for (std::size_t i = 0; i < text.size(); i++) {
    char c = text[i];
    bool is_blank = c == ' ' || c == '\t';
    bool begins = line.empty() && (c == '.' || text.substr(i).starts_with("From "));
    std::string piece;
    if (is_plain(c) && !begins && !(is_blank && i + 1 == text.size()))
      piece = c;
    else
      append_quoted(piece, c);
    // Room for the "=" of a soft line end.
    if (line.size() + piece.size() >= max_encoded_line) {
      result += line + "=\r\n";
      line.clear();
      // What begins a line now is looked at once more.
      if (c == '.' || text.substr(i).starts_with("From ")) {
        piece.clear();
        append_quoted(piece, c);
      }
    }
    line += piece;
  }
  result += line + "\r\n";
}

bool is_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~'; });
}

// As many whole characters from the beginning of valid UTF-8 as have room.
std::size_t whole_characters(std::string_view text, std::size_t most) {
  if (text.size() <= most)
    return text.size();
  while (most > 0 && (static_cast<unsigned char>(text[most]) & 0xc0U) == 0x80)
    most--;
  return most;
}

std::string encoded_word(std::string_view text) {
  std::string base64(4 * ((text.size() + 2) / 3) + 1, '\0');
  int size = EVP_EncodeBlock(reinterpret_cast<unsigned char *>(base64.data()),
                             reinterpret_cast<const unsigned char *>(text.data()),
                             static_cast<int>(text.size()));
  base64.resize(static_cast<std::size_t>(size));
  return "=?utf-8?B?" + base64 + "?=";
}

bool is_address_character(char c) {
  constexpr std::string_view special = "!#$%&'*+/=?^_`{|}~.-";
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         special.find(c) != std::string_view::npos;
}

} // namespace

std::string quoted_printable(std::string_view text) {
  std::string result;
  while (!text.empty()) {
    std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    if (line.ends_with('\r'))
      line.remove_suffix(1);
    append_line(result, line);
  }
  return result;
}

std::string encoded_field(std::string_view name, std::string_view text) {
  std::string field = std::string(name) + ": ";
  // What looks like an encoded word would be taken for one.
  if (is_ascii(text) && field.size() + text.size() <= max_field_line &&
      text.find("=?") == std::string_view::npos)
    return field + std::string(text) + "\r\n";
  for (std::size_t used = field.size(); !text.empty(); used = 1) {
    std::size_t size = whole_characters(text, (max_word_line - word_marks - used) / 4 * 3);
    field += encoded_word(text.substr(0, size)) + "\r\n";
    text.remove_prefix(size);
    if (!text.empty())
      field += ' ';
  }
  return field;
}

std::string address_field(std::string_view address) {
  std::size_t at = address.rfind('@');
  bool ok =
      at != std::string_view::npos && at > 0 && at + 1 < address.size() && address.size() <= 254;
  for (std::string_view part :
       {address.substr(0, at), address.substr(std::min(at, address.size()))})
    ok = ok && std::all_of(part.begin() + (part.starts_with('@') ? 1 : 0), part.end(),
                           is_address_character);
  return ok ? "<" + std::string(address) + ">" : "undisclosed-recipients:;";
}

} // namespace smime
