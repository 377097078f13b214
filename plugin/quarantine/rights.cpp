#include "plugin/quarantine/rights.h"

namespace smime {

Acts acts_on(const Settings &settings, std::string_view name, const QuarantineRecord &record) {
  std::string ignored;
  auto report = report_from_json(record.report, ignored);
  return acts_on(
      settings, name,
      HeldFacts{record.to, record.user, report ? &report->classes : nullptr, record.rule});
}

} // namespace smime
