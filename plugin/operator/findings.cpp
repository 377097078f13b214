#include "plugin/operator/findings.h"

#include <algorithm>

namespace smime {

std::string_view name_of(Severity severity) {
  switch (severity) {
  case Severity::ok: return "ok";
  case Severity::warning: return "warning";
  case Severity::error: break;
  }
  return "error";
}

int exit_code_of(Severity worst) {
  switch (worst) {
  case Severity::ok: return 0;
  case Severity::warning: return 1;
  case Severity::error: break;
  }
  return 78;
}

Severity worst_of(const Findings &findings) {
  Severity worst = Severity::ok;
  for (const Finding &finding : findings)
    worst = std::max(worst, finding.severity);
  return worst;
}

} // namespace smime
