#include "plugin/rules/fate.h"

#include "plugin/rules/arrival.h"

namespace smime {
namespace {

Fate fate_by_setting(ScannerFailure failure, FateCause cause, const char *reason) {
  Fate fate;
  fate.cause = cause;
  fate.reason = reason;
  switch (failure) {
  case ScannerFailure::deliver: fate.action = Action::deliver; break;
  case ScannerFailure::quarantine: fate.action = Action::quarantine; break;
  case ScannerFailure::tempfail: fate.action = Action::tempfail; break;
  }
  fate.setting = "smime_scanner_failure";
  fate.decided_by = fate.setting + "=" + std::string(name_of(fate.action));
  return fate;
}

bool is_without_verdict(const Decision &decision, const std::vector<Rule> &rules,
                        const Question &question) {
  // Decided by a reviewer, who saw that there was none.
  if (question.released)
    return false;
  return question.when == When::arrival
             ? lacks_verdict_at_arrival(rules, question.from, question.to, question.report)
             : lacks_verdict(decision, question.report);
}

} // namespace

Fate fate_without_report(ScannerFailure failure, bool fails_on_message) {
  if (!fails_on_message || failure == ScannerFailure::deliver)
    return fate_by_setting(failure, FateCause::no_report,
                           "The scanner gave no report on the message");
  Fate fate;
  fate.action = Action::quarantine;
  fate.cause = FateCause::scanner_fails;
  fate.setting = fate.decided_by = "scanner";
  fate.reason = "The scanner fails on this message every time, and works for others";
  return fate;
}

// No rule says what becomes of a message on which the virus scanner gave no
// verdict: that is no permission to deliver it.
Fate fate_of(const std::vector<Rule> &rules, const Question &question, ScannerFailure failure) {
  Decision decision = decide(rules, question);
  if (is_without_verdict(decision, rules, question))
    return fate_by_setting(failure, FateCause::no_verdict,
                           "The virus scanner gave no verdict on the message");
  Fate fate;
  fate.action = decision.action;
  fate.rule = decision.rule;
  fate.reason = reason_of(decision, question.report);
  if (decision.rule != nullptr) {
    fate.setting = decision.rule->setting;
    fate.decided_by = fate.setting + ": " + decision.rule->text;
    fate.flag = decision.rule->flag;
  }
  return fate;
}

} // namespace smime
