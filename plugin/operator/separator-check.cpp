#include "plugin/operator/separator-check.h"

#include <algorithm>
#include <array>

namespace smime {
namespace {

// "." is a part of many a name: it was meant as a separator where a wildcard is behind it.
bool has_separator(std::string_view pattern, char separator) {
  if (separator == '/')
    return pattern.find('/') != std::string_view::npos;
  return pattern.find(".*") != std::string_view::npos ||
         pattern.find(".%") != std::string_view::npos;
}

void check_pattern(std::string_view separators, const std::string &setting,
                   const std::string &pattern, Findings &findings) {
  constexpr std::array candidates{'/', '.'};
  for (char wrong : candidates) {
    if (separators.find(wrong) != std::string_view::npos || !has_separator(pattern, wrong))
      continue;
    std::string mended = pattern;
    std::replace(mended.begin(), mended.end(), wrong, separators.front());
    findings.push_back({"mailbox names", Severity::warning, setting,
                        "\"" + pattern + "\" does not mean what it says: \"" + wrong +
                            "\" separates nothing in this user's mailbox names, \"" +
                            separators.front() + "\" does",
                        "Write " + mended +
                            ", or set separator = / in every namespace block, "
                            "which changes the names that mail clients see"});
    return;
  }
}

} // namespace

Findings check_separators(std::string_view separators, const Settings &settings) {
  Findings findings;
  if (separators.empty())
    return findings;
  for (const Rule &rule : settings.rules) {
    if (const Condition *condition = find_condition(rule, Key::mailbox))
      check_pattern(separators, rule.setting, condition->text, findings);
  }
  check_pattern(separators, "smime_stores", settings.stores_text, findings);
  return findings;
}

} // namespace smime
