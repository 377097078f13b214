// What becomes of a message: what the rules say, or smime_scanner_failure where the scanner
// gave no report or the virus scanner no verdict. Deliveries, saves by mail clients and
// doveadm smime policy ask here, and nobody decides beside it. No Dovecot header.
#ifndef SMIME_FATE_H
#define SMIME_FATE_H

#include "plugin/rules/policy.h"
#include "plugin/rules/settings.h"

#include <string>
#include <vector>

namespace smime {

// On whose word a message goes where it goes.
enum class FateCause : std::uint8_t {
  rules,         // of a rule, or since none matches
  no_report,     // the scanner could not be asked
  scanner_fails, // the scanner fails on this message every time, and works for others
  no_verdict,    // the virus scanner could not be asked, and no rule says what then
};

struct Fate {
  Action action = Action::deliver;
  FateCause cause = FateCause::rules;
  // The rule that matched; else null. Lives as long as the rules.
  const Rule *rule = nullptr;
  // The setting that decided, such as smime_rule2; empty if no rule matches.
  std::string setting;
  // It with its value, for the log and the record: "smime_rule2: class=encrypted
  // action=quarantine", "smime_scanner_failure=tempfail", "scanner"; empty if no rule matches.
  std::string decided_by;
  // The sentence for the sender, the log and the reviewer.
  std::string reason;
  // The keyword that the rule sets; empty: none.
  std::string flag;
};

// Of a message on which there is no report. fails_on_message: the next try would end like this
// one, so it is held rather than deferred for ever.
Fate fate_without_report(ScannerFailure failure, bool fails_on_message);

// At the question's stage. At arrival, deliver means that Sieve gets the message.
Fate fate_of(const std::vector<Rule> &rules, const Question &question, ScannerFailure failure);

} // namespace smime

#endif
