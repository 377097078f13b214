// A whole message: MIME structure, detection, archives, documents, layers, and what is shown of it.
#include "scanner/base/dovecot-lib.h"
#include "fuzz-tools.h"
#include "scanner/content/message-reader.h"

using namespace smime;

namespace {

// The parts, header and texts that people are shown: one line of ASCII JSON, bounded.
void check_inside(const Report &report, const Inside &inside) {
  std::size_t text = 0;
  std::size_t html = 0;
  for (const InsidePart &part : inside.parts) {
    FUZZ_CHECK(!part.path.empty() || part.kind == "multipart" || part.state == "named");
    FUZZ_CHECK(!part.kind.empty() && !part.state.empty() && !part.by.empty());
    FUZZ_CHECK(!part.text || part.text->size() <= max_part_text);
    FUZZ_CHECK(!part.html || part.html->size() <= max_part_html);
    text += part.text ? part.text->size() : 0;
    html += part.html ? part.html->size() : 0;
  }
  FUZZ_CHECK(text <= max_part_texts && html <= max_part_htmls);
  FUZZ_CHECK(inside.header.size() <= max_header_fields);
  std::string json = to_json(report, inside);
  FUZZ_CHECK(json.size() <= max_report_size + max_parts_size + max_header_size + 100);
  for (char c : json)
    FUZZ_CHECK(c >= ' ' && c < 0x7f);
  std::string error;
  auto again = inside_from_json(json, error);
  FUZZ_CHECK(again.has_value() && report_from_json(json, error).has_value());
  FUZZ_CHECK(again->header.size() <= inside.header.size() &&
             again->parts.size() <= inside.parts.size());
}

} // namespace

int LLVMFuzzerInitialize(int *, char ***) {
  lib_init();
  return 0;
}

int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
  static const Limits limits = fuzz_limits();
  // Pieces of every size: what straddles two must be read as well.
  std::size_t piece = size == 0 ? 1 : 1 + data[size - 1] * std::size_t{16};
  Inside inside;
  Tools tools = fuzz_tools();
  tools.inside = size > 0 && data[size - 1] % 2 != 0 ? &inside : nullptr;
  tools.wants_text = tools.wants_html = tools.inside != nullptr;
  Inspection inspection(limits, tools);
  MessageReader reader(inspection);
  for (std::size_t at = 0; at < size; at += piece)
    reader.feed({data + at, std::min(piece, size - at)});
  reader.finish();
  Report report = inspection.finish(size);
  check_report(report);
  check_inside(report, inside);
  for (const ProtectedEntity &entity : report.protected_entities)
    FUZZ_CHECK(entity.offset <= size && entity.size <= size - entity.offset);
  return 0;
}
