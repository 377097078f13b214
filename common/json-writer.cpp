#include "common/json-writer.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace smime {
namespace {

// How many bytes the character takes that text begins with, which is a JSON string of
// ASCII: itself, an escape, or the two escapes of a surrogate pair.
std::size_t character_size(std::string_view text) {
  if (text[0] != '\\')
    return 1;
  if (!text.starts_with("\\u"))
    return 2;
  bool is_high_surrogate = text.size() >= 12 && text[2] == 'd' && text[3] >= '8' && text[3] <= 'b';
  return is_high_surrogate ? 12 : 6;
}

// The beginning of a JSON string, at most limit bytes of it.
std::string_view cut(std::string_view text, std::size_t limit) {
  std::size_t end = 0;
  for (std::size_t next = 0; next <= limit; next += character_size(text.substr(next)))
    end = next;
  return text.substr(0, end);
}

} // namespace

void JsonWriter::separate() {
  if (!is_first_)
    text_ += ',';
  is_first_ = false;
}

JsonWriter &JsonWriter::raw(std::string_view value) {
  separate();
  text_ += value;
  return *this;
}

JsonWriter &JsonWriter::open(char bracket) {
  separate();
  text_ += bracket;
  is_first_ = true;
  return *this;
}

JsonWriter &JsonWriter::close(char bracket) {
  text_ += bracket;
  is_first_ = false;
  return *this;
}

JsonWriter &JsonWriter::key(std::string_view name) {
  separate();
  text_.append(1, '"').append(name).append("\":");
  is_first_ = true;
  return *this;
}

JsonWriter &JsonWriter::string(std::string_view value, std::size_t limit) {
  bool is_short = value.size() <= limit;
  // A character of JSON is no shorter than in UTF-8: what is behind the limit here is
  // behind it there.
  value = value.substr(0, limit);
  std::string escaped;
  std::string_view shown = value;
  bool is_simple = std::all_of(value.begin(), value.end(), [](char c) {
    return c >= ' ' && c < 0x7f && c != '"' && c != '\\';
  });
  if (!is_simple) {
    escaped = nlohmann::json(value).dump(-1, ' ', true, nlohmann::json::error_handler_t::replace);
    shown = std::string_view(escaped).substr(1, escaped.size() - 2);
  }
  separate();
  text_ += '"';
  if (is_short && shown.size() <= limit)
    text_ += shown;
  else
    text_.append(cut(shown, limit - cut_mark.size())).append(cut_mark);
  text_ += '"';
  return *this;
}

} // namespace smime
