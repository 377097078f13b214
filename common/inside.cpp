#include "common/inside.h"

#include "common/json-writer.h"

namespace smime {
namespace {

// Of a name, a media type and the like, in bytes of JSON.
constexpr std::size_t text_limit = 2048;
// An escape of JSON takes six bytes for one.
constexpr std::size_t longest_escape = 6;

void write_part(JsonWriter &writer, const InsidePart &part) {
  writer.begin_object()
      .put("path", part.path, text_limit)
      .put_if_set("name", part.name, text_limit)
      .put_if_set("type", part.type, text_limit)
      .put_if_set("declared", part.declared, text_limit)
      .put("kind", part.kind, text_limit)
      .put("state", part.state, text_limit)
      .put("by", part.by, text_limit);
  if (part.size)
    writer.put("size", *part.size).put("sha256", part.sha256, text_limit);
  writer.put_if_set("charset", part.charset, text_limit);
  if (part.text)
    writer.put("text", *part.text, longest_escape * max_part_text);
  if (part.text_cut)
    writer.key("text_cut").boolean(true);
  if (part.html)
    writer.put("html", *part.html, longest_escape * max_part_html);
  if (part.html_cut)
    writer.key("html_cut").boolean(true);
  writer.end_object();
}

// Those that have room, and the number of the others.
template <typename Entry, typename Write>
void write_list(JsonWriter &writer, const std::string &name, const std::vector<Entry> &list,
                std::size_t share, std::uint64_t dropped, Write write) {
  if (!name.empty())
    writer.key(name);
  writer.begin_list();
  std::size_t begin = writer.size();
  for (const Entry &entry : list) {
    JsonWriter::Mark before = writer.mark();
    write(writer, entry);
    if (writer.size() - begin <= share)
      continue;
    writer.go_back(before);
    dropped++;
  }
  writer.end_list();
  if (dropped != 0 && !name.empty())
    writer.put(name + "_dropped", dropped);
}

void write_field(JsonWriter &writer, const HeaderField &field) {
  writer.begin_object()
      .put("name", field.name, text_limit)
      .put("value", field.value, longest_escape * max_field_value)
      .end_object();
}

} // namespace

std::string to_json(const Report &report, const Inside &inside) {
  JsonWriter writer;
  writer.begin_object();
  write_list(writer, "headers", inside.header, max_header_size, inside.header_dropped, write_field);
  write_list(writer, "parts", inside.parts, max_parts_size, 0, write_part);
  std::string json = to_json(report);
  json.back() = ',';
  return json.append(writer.end_object().take().substr(1));
}

std::string headers_to_json(const Inside &inside) {
  JsonWriter writer;
  write_list(writer, "", inside.header, max_header_size, 0, write_field);
  return writer.take();
}

std::string parts_to_json(const Inside &inside) {
  JsonWriter writer;
  write_list(writer, "", inside.parts, max_parts_size, 0, write_part);
  return writer.take();
}

} // namespace smime
