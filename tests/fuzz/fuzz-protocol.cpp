// The lines and the JSON that cross the scanner's socket, and the engine's
// answers.
#include "scanner/engines/clamd.h"
#include "fuzz.h"
#include "common/protocol.h"
#include "common/report.h"
#include "scanner/base/scan-limits.h"

using namespace smime;

int LLVMFuzzerInitialize(int *, char ***) { return 0; }

int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
  std::string_view text = as_text(data, size);
  std::string_view line = text.substr(0, text.find('\n'));

  auto request = parse_request(line);
  if (request)
    FUZZ_CHECK(parse_request(format_request(*request).substr(0, format_request(*request).size() -
                                                                    1)) == request);

  Answer answer = parse_answer(line);
  FUZZ_CHECK(answer.kind != Answer::Kind::report || answer.length <= max_report_size);
  std::string said = format_error(text);
  FUZZ_CHECK(said.size() <= max_protocol_line && said.find('\n') == said.size() - 1);
  FUZZ_CHECK(parse_answer(std::string_view(said).substr(0, said.size() - 1)).kind ==
             Answer::Kind::error);

  EngineVerdict verdict = parse_clamd_answer(text);
  FUZZ_CHECK(verdict.verdict != ScanVerdict::clean || text == "OK" || text == "stream: OK");

  std::string error;
  std::string_view json = line.size() == size ? text : text.substr(line.size() + 1);
  if (auto report = report_from_json(json, error)) {
    std::string written = to_json(*report);
    auto again = report_from_json(written, error);
    FUZZ_CHECK(again.has_value() && to_json(*again) == written);
  }
  return 0;
}
