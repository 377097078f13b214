// The stage of the rules with when=arrival: what becomes of a message before Sieve
// runs. No Dovecot header.
#ifndef SMIME_RULES_ARRIVAL_H
#define SMIME_RULES_ARRIVAL_H

#include "plugin/rules/policy.h"

#include <string>
#include <string_view>
#include <vector>

namespace smime {

// Whether an arrival rule holds or refuses some message with this envelope, whatever
// is in it. Where none does, a delivery waits for no report before Sieve runs.
bool may_hold_at_arrival(const std::vector<Rule> &rules, std::string_view from,
                         std::string_view to);

// The first arrival rule that matches; none matching means that Sieve gets the message, as
// action=deliver does.
Decision decide_at_arrival(const std::vector<Rule> &rules, std::string_view from,
                           std::string_view to, const Report &report);

// The virus scanner gave no verdict, no arrival rule matches the message as it is, and one
// that holds or refuses would with another verdict: smime_scanner_failure says what then,
// and Sieve must not have the message before.
bool lacks_verdict_at_arrival(const std::vector<Rule> &rules, std::string_view from,
                              std::string_view to, const Report &report);

// What is wrong with the rules of a mailbox, METADATA or a block of its own, in which it
// also has those of users that hold everywhere; empty if nothing is. An arrival rule can
// be no mailbox's: it would be passed over in silence.
std::string wrong_rules_of_mailbox(const std::vector<Rule> &rules, const std::vector<Rule> &users);

// The settings of the rules that hold or refuse deliveries when they are saved, and for
// whose mail no arrival rule does: what a script redirects instead goes out.
std::vector<std::string> settings_held_at_save_alone(const std::vector<Rule> &rules);

// Whether an arrival rule holds or refuses anything.
bool holds_at_arrival(const std::vector<Rule> &rules);

} // namespace smime

#endif
