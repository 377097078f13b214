#include "plugin/quarantine/rights.h"

#include "plugin/rules/policy.h"

#include <algorithm>

namespace smime {
namespace {

// Nullopt if it names none, or one that is none.
std::optional<ClassSet> class_set_of(const RegisterRow &row) {
  ClassSet classes;
  for (std::size_t start = 0; start < row.classes.size();) {
    auto end = std::min(row.classes.find(' ', start), row.classes.size());
    auto found = classes_from_name(row.classes.substr(start, end - start));
    if (!found)
      return std::nullopt;
    classes = classes | *found;
    start = end + 1;
  }
  return classes.empty() ? std::nullopt : std::optional(classes);
}

} // namespace

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

Acts acts_on(const Settings &settings, std::string_view name, const RegisterRow &row) {
  auto classes = class_set_of(row);
  return acts_on(settings, name,
                 HeldFacts{row.to, row.user, classes ? &*classes : nullptr, row.rule});
}

} // namespace smime
