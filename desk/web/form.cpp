#include "desk/web/form.h"

#include <algorithm>

namespace smime::desk {
namespace {

int digit_of(char c) {
  if (c >= '0' && c <= '9')
    return c - '0';
  if (c >= 'a' && c <= 'f')
    return c - 'a' + 10;
  if (c >= 'A' && c <= 'F')
    return c - 'A' + 10;
  return -1;
}

bool is_unreserved(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '.' || c == '_' || c == '~';
}

// The length of the character that text begins with; 0 if it is none.
std::size_t utf8_length(std::string_view text) {
  auto first = static_cast<unsigned char>(text[0]);
  if (first == 0)
    return 0;
  if (first < 0x80)
    return 1;
  std::size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || text.size() < length)
    return 0;
  auto second = static_cast<unsigned char>(text[1]);
  if ((first == 0xe0 && second < 0xa0) || (first == 0xed && second > 0x9f) ||
      (first == 0xf0 && second < 0x90) || (first == 0xf4 && second > 0x8f))
    return 0;
  for (std::size_t i = 1; i < length; i++) {
    if ((static_cast<unsigned char>(text[i]) & 0xc0) != 0x80)
      return 0;
  }
  return length;
}

std::optional<std::string> decode_text(std::string_view encoded) {
  auto text = percent_decode(encoded, true);
  return text && is_utf8_text(*text) ? text : std::nullopt;
}

// What is before the separator; text is what is behind it.
std::string_view take_until(std::string_view &text, char separator) {
  std::size_t end = std::min(text.find(separator), text.size());
  std::string_view piece = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return piece;
}

} // namespace

std::optional<std::string> percent_decode(std::string_view text, bool plus) {
  std::string result;
  result.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); i++) {
    if (text[i] == '+' && plus) {
      result += ' ';
    } else if (text[i] != '%') {
      result += text[i];
    } else {
      int high = i + 2 < text.size() ? digit_of(text[i + 1]) : -1;
      int low = i + 2 < text.size() ? digit_of(text[i + 2]) : -1;
      if (high < 0 || low < 0)
        return std::nullopt;
      result += static_cast<char>(high * 16 + low);
      i += 2;
    }
  }
  return result;
}

std::string percent_encode(std::string_view text) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string result;
  for (char c : text) {
    if (is_unreserved(c)) {
      result += c;
      continue;
    }
    auto byte = static_cast<unsigned char>(c);
    result += '%';
    result += digits[byte / 16];
    result += digits[byte % 16];
  }
  return result;
}

bool is_utf8_text(std::string_view text) {
  while (!text.empty()) {
    std::size_t length = utf8_length(text);
    if (length == 0)
      return false;
    text.remove_prefix(length);
  }
  return true;
}

std::optional<Fields> Fields::parse(std::string_view encoded) {
  Fields result;
  while (!encoded.empty()) {
    std::string_view value = take_until(encoded, '&');
    if (value.empty())
      continue;
    auto name = decode_text(take_until(value, '='));
    auto text = decode_text(value);
    if (!name || !text || result.fields_.size() == max_fields)
      return std::nullopt;
    result.fields_.emplace_back(std::move(*name), std::move(*text));
  }
  return result;
}

std::string Fields::get(std::string_view name) const {
  for (const auto &[key, value] : fields_) {
    if (key == name)
      return value;
  }
  return {};
}

bool Fields::has(std::string_view name) const {
  return std::any_of(fields_.begin(), fields_.end(),
                     [&](const auto &field) { return field.first == name; });
}

std::vector<std::string> Fields::all(std::string_view name) const {
  std::vector<std::string> result;
  for (const auto &[key, value] : fields_) {
    if (key == name)
      result.push_back(value);
  }
  return result;
}

std::optional<std::string> cookie_value(std::string_view header, std::string_view name) {
  std::optional<std::string> found;
  while (!header.empty()) {
    std::string_view value = take_until(header, ';');
    while (!value.empty() && (value.front() == ' ' || value.front() == '\t'))
      value.remove_prefix(1);
    if (take_until(value, '=') != name)
      continue;
    if (found)
      return std::nullopt;
    found = std::string(value);
  }
  return found;
}

} // namespace smime::desk
