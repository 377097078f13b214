#include "plugin/protect/header-fields.h"

#include "common/ascii.h"

namespace smime {
namespace {

std::string_view take_line(std::string_view &text) {
  auto newline = text.find('\n');
  std::string_view line = text.substr(0, newline == std::string_view::npos ? newline : newline + 1);
  text.remove_prefix(line.size());
  return line;
}

bool is_empty_line(std::string_view line) { return line == "\n" || line == "\r\n"; }

bool is_continuation(std::string_view text) {
  return text.starts_with(' ') || text.starts_with('\t');
}

// The next field with its continuation lines; empty at the header's end.
std::string_view take_field(std::string_view &text) {
  std::string_view all = text;
  std::string_view line = take_line(text);
  if (is_empty_line(line))
    return {};
  while (is_continuation(text))
    (void)take_line(text);
  return all.substr(0, all.size() - text.size());
}

std::string_view name_of_field(std::string_view field) {
  std::string_view name = field.substr(0, field.find(':'));
  while (name.ends_with(' ') || name.ends_with('\t'))
    name.remove_suffix(1);
  return name;
}

bool is_mime_field(std::string_view field) {
  constexpr std::string_view prefix = "Content-";
  std::string_view name = name_of_field(field);
  return equals_ignoring_case(name, "MIME-Version") || begins_ignoring_case(name, prefix);
}

bool has_field(std::string_view header, std::string_view name) {
  for (std::string_view field = take_field(header); !field.empty(); field = take_field(header)) {
    if (equals_ignoring_case(name_of_field(field), name))
      return true;
  }
  return false;
}

std::string select_fields(std::string_view header, bool mime) {
  std::string selected;
  for (std::string_view field = take_field(header); !field.empty(); field = take_field(header)) {
    if (is_mime_field(field) != mime)
      continue;
    selected += field;
    if (!selected.ends_with('\n'))
      selected += "\r\n";
  }
  return selected;
}

} // namespace

std::optional<std::string> merge_headers(std::string_view edited, std::string_view original) {
  for (std::string_view name : {"From", "Date"}) {
    if (has_field(original, name) && !has_field(edited, name))
      return std::nullopt;
  }
  return select_fields(edited, false) + select_fields(original, true) + "\r\n";
}

} // namespace smime
