#include "plugin/quarantine/rights.h"

namespace smime {

namespace {

// Asks of the facts that are recorded.
template <typename Ask> auto ask_of(const QuarantineRecord &record, Ask ask) {
  std::string ignored;
  auto report = report_from_json(record.report, ignored);
  return ask(HeldFacts{record.to, record.user, report ? &report->classes : nullptr, record.rule});
}

} // namespace

Acts acts_on(const Settings &settings, std::string_view name, const QuarantineRecord &record) {
  return ask_of(record, [&](const HeldFacts &held) { return acts_on(settings, name, held); });
}

unsigned approvals_for(const Settings &settings, std::string_view name,
                       const QuarantineRecord &record) {
  return ask_of(record, [&](const HeldFacts &held) { return approvals_for(settings, name, held); });
}

} // namespace smime
