#include "common/inside.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace smime {
namespace {

using Json = nlohmann::json;

// As many as a scanner with the default max_parts finds.
constexpr std::size_t max_read_parts = 20000;
// Of a name, a media type and the like, in bytes.
constexpr std::size_t max_read_text = 2048;

std::optional<std::string> text_of(const Json &object, const char *name, std::size_t most) {
  auto found = object.find(name);
  if (found == object.end() || !found->is_string())
    return std::nullopt;
  return found->get_ref<const std::string &>().substr(0, most);
}

std::string short_text(const Json &object, const char *name) {
  return text_of(object, name, max_read_text).value_or("");
}

bool flag_of(const Json &object, const char *name) {
  auto found = object.find(name);
  return found != object.end() && found->is_boolean() && found->get<bool>();
}

std::optional<std::uint64_t> number_of(const Json &object, const char *name) {
  auto found = object.find(name);
  if (found == object.end() || !found->is_number_unsigned())
    return std::nullopt;
  return found->get<std::uint64_t>();
}

InsidePart part_of(const Json &object) {
  InsidePart part;
  part.path = short_text(object, "path");
  part.name = short_text(object, "name");
  part.type = short_text(object, "type");
  part.declared = short_text(object, "declared");
  part.kind = short_text(object, "kind");
  part.state = short_text(object, "state");
  part.by = short_text(object, "by");
  part.size = number_of(object, "size");
  part.sha256 = short_text(object, "sha256");
  part.charset = short_text(object, "charset");
  part.text = text_of(object, "text", max_part_text);
  part.text_cut = flag_of(object, "text_cut");
  part.html = text_of(object, "html", max_part_html);
  part.html_cut = flag_of(object, "html_cut");
  return part;
}

// The objects of a list.
template <typename Take>
void read_list(const Json &object, const char *name, std::size_t most, Take take) {
  auto found = object.find(name);
  if (found == object.end() || !found->is_array())
    return;
  for (const Json &entry : *found) {
    if (most-- == 0)
      return;
    if (entry.is_object())
      take(entry);
  }
}

} // namespace

std::optional<Inside> inside_from_json(std::string_view text, std::string &error) {
  const Json json = Json::parse(text, nullptr, false);
  if (!json.is_object()) {
    error = "what smime-scanner says of the message is no JSON object";
    return std::nullopt;
  }
  Inside inside;
  read_list(json, "headers", max_header_fields, [&](const Json &field) {
    inside.header.push_back(
        {short_text(field, "name"), text_of(field, "value", max_field_value).value_or("")});
  });
  inside.header_dropped = number_of(json, "headers_dropped").value_or(0);
  read_list(json, "parts", max_read_parts,
            [&](const Json &part) { inside.parts.push_back(part_of(part)); });
  return inside;
}

} // namespace smime
