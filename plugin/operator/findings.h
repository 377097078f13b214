// What the operator's commands say of what they looked at.
#ifndef SMIME_FINDINGS_H
#define SMIME_FINDINGS_H

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace smime {

enum class Severity : std::uint8_t { ok, warning, error };
std::string_view name_of(Severity severity);

struct Finding {
  // What was looked at.
  std::string check;
  Severity severity = Severity::ok;
  // The setting that says so, or that is to be changed.
  std::string setting;
  std::string detail;
  // Empty if nothing is to be done.
  std::string remedy;
};
using Findings = std::vector<Finding>;

// For monitoring: 0 if all is ok, 1 if there are warnings, 78 (EX_CONFIG) if
// there is an error.
int exit_code_of(Severity worst);
Severity worst_of(const Findings &findings);

} // namespace smime

#endif
