#include "plugin/operator/report-change.h"

#include <set>

namespace smime {
namespace {

void add(std::string &text, const std::string &what) { text += (text.empty() ? "" : "; ") + what; }

void compare(std::string &text, const char *what, std::string_view before, std::string_view now) {
  if (before != now)
    add(text, std::string(what) + ": " + std::string(before) + ", now " + std::string(now));
}

// What each report has found, in a few words that two of them have alike.
std::set<std::string> findings_of(const Report &report) {
  std::set<std::string> findings;
  auto place = [](const std::string &path) { return path.empty() ? "" : " (part " + path + ")"; };
  for (const Uninspectable &part : report.uninspectable)
    findings.insert("uninspectable " + part.reason + place(part.path) +
                    (part.name.empty() ? "" : " " + part.name));
  for (const auto *errors : {&report.errors, &report.signature_errors})
    for (const ReportError &error : *errors)
      findings.insert(error.code + place(error.path));
  return findings;
}

void list_missing(std::string &text, const char *what, const std::set<std::string> &these,
                  const std::set<std::string> &in) {
  for (const std::string &one : these) {
    if (!in.contains(one))
      add(text, std::string(what) + ": " + one);
  }
}

std::string verdict_of(const Report &report) {
  return std::string(name_of(report.scan)) +
         (report.scan_name.empty() ? "" : " (" + report.scan_name + ")");
}

} // namespace

std::string changes_text(const Report &before, const Report &now) {
  std::string text;
  compare(text, "class", join_class_names(before.classes), join_class_names(now.classes));
  compare(text, "signature", name_of(before.signature), name_of(now.signature));
  compare(text, "scan", verdict_of(before), verdict_of(now));
  compare(text, "strength", name_of(before.strength), name_of(now.strength));
  const auto old_findings = findings_of(before);
  const auto new_findings = findings_of(now);
  list_missing(text, "new", new_findings, old_findings);
  list_missing(text, "no more", old_findings, new_findings);
  return text;
}

} // namespace smime
