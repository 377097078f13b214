// Rules in, decision and reason out. No Dovecot header: unit-tested and fuzzed
// alone.
#ifndef SMIME_POLICY_H
#define SMIME_POLICY_H

#include "common/report.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace smime {

enum class Action : std::uint8_t { deliver, quarantine, reject, tempfail };
enum class Origin : std::uint8_t { delivery, append, copy };
// When a rule is asked: as a message arrives, before Sieve runs and for no mailbox
// yet, or as it is saved into a mailbox.
enum class When : std::uint8_t { arrival, save };

// What becomes of a held message when nobody decided on it in time.
enum class Then : std::uint8_t { remove, release, reject };

// What the recipient of a held message may do by himself, with a token from a notice. Each allows
// those before it, too.
enum class RecipientMay : std::uint8_t { nothing, view, request, release };

std::string_view name_of(Then then);
std::string_view name_of(RecipientMay may);
std::string_view name_of(Action action);
std::string_view name_of(Origin origin);
std::string_view name_of(When when);
std::optional<Origin> origin_from_name(std::string_view name);

// The keys that ask something of a message, in the order in which they are asked.
enum class Key : std::uint8_t {
  class_,
  origin,
  signature,
  scan,
  strength,
  finding,
  mailbox,
  from,
  to
};

// What a key is compared with: a pattern for mailbox, from and to, a code for finding.
using ConditionValue =
    std::variant<std::string, ClassSet, SignatureStatus, ScanVerdict, Origin, Strength>;

// One word of a rule, KEY=VALUE or KEY=!VALUE.
struct Condition {
  Key key;
  bool negated = false;
  ConditionValue value;
  // The value as the operator wrote it, with its "!".
  std::string text;
};

// One rule: it matches where all of its conditions hold.
struct Rule {
  // The setting that it came from, for messages: smime_rule, smime_rule2, ...
  std::string setting;
  // As the operator wrote it.
  std::string text;

  // In the order of Key.
  std::vector<Condition> conditions;
  When when = When::save;

  std::string flag;
  std::string reason;
  // Seconds for which a message is held before "then" is done, and how long before that its
  // recipient is to be warned. 0: for ever, and never.
  std::int64_t hold = 0;
  std::optional<Then> then;
  std::int64_t warn = 0;
  // The recipient is told of what the rule holds (doveadm smime notify).
  bool notifies_recipient = false;
  // So is the envelope's sender, and so are these addresses, at most max_notified.
  bool notifies_sender = false;
  std::vector<std::string> notified;
  RecipientMay recipient_may = RecipientMay::nothing;
  Action action = Action::deliver;
};

// How many addresses notify= may have: for each of them a held message has marks of its own.
inline constexpr std::size_t max_notified = 3;

// What a rule is asked about. Views live as long as the question.
struct Question {
  // At arrival nobody asks for it.
  std::string_view mailbox;
  char separator = '/';
  // Envelope addresses; the empty reverse-path is "<>".
  std::string_view from;
  std::string_view to;
  Origin origin = Origin::delivery;
  const Report &report;
  // A copy of what a reviewer released: only rules that name the origin copy hold.
  bool released = false;
  // Rules of the other stage never match.
  When when = When::save;
};

struct Decision {
  Action action = Action::deliver;
  // The rule that matched; null if none did. Lives as long as the rules.
  const Rule *rule = nullptr;
};

// A class name, any-signed or any-encrypted.
std::optional<ClassSet> classes_from_name(std::string_view name);

// How many keys a rule may have.
inline constexpr std::size_t rule_key_count = 18;
// The keys of a rule, in the order of the table; action is the last.
std::vector<std::string_view> rule_keys();

// The values that a key can have, negated ones too; empty for keys that take any text.
std::vector<std::string> rule_values(std::string_view key);

// Parses one rule: key=value ..., values may be quoted, "!" in front of the value of a
// condition negates it, action= comes last.
// Returns nullopt and sets error to "SETTING: what is wrong with which word".
std::optional<Rule> parse_rule(const std::string &setting, std::string_view text,
                               std::string &error);

// Parses any number of rules in one text; each ends behind its action=, line ends
// are white space.
std::optional<std::vector<Rule>> parse_rules(const std::string &setting, std::string_view text,
                                             std::string &error);

// The rule's condition for the key; null if it has none.
const Condition *find_condition(const Rule &rule, Key key);

// Whether a condition of the rule holds. What is not known of a message (it is malformed,
// so that its classes may not be all; the virus scanner failed; the sender is not known)
// lets a negated condition hold in a rule that holds or refuses, never in one that
// delivers.
bool condition_holds(const Condition &condition, const Rule &rule, const Question &question);

// Whether anything but a plain delivery can come of some message that is saved into
// the mailbox; if not, no report is needed.
bool concerns_mailbox(const std::vector<Rule> &rules, std::string_view mailbox, char separator,
                      Origin origin);

// Whether the rule's key origin holds for the origin, or it has none.
bool holds_for_origin(const Rule &rule, Origin origin);

// Whether the rule's key mailbox holds for the mailbox, or it has none.
bool holds_for_mailbox(const Rule &rule, std::string_view mailbox, char separator);

// First match wins; none matching means deliver.
Decision decide(const std::vector<Rule> &rules, const Question &question);

// The virus scanner gave no verdict and no rule says what then: the setting
// smime_scanner_failure does.
bool lacks_verdict(const Decision &decision, const Report &report);

// Why a rule does not match, in the words of the rule: "class is plain, not
// encrypted"; empty if it matches. The first condition that fails counts.
std::string why_not(const Rule &rule, const Question &question);

// Whether a rule with another action than deliver could match in some mailbox;
// the question's own mailbox does not count. Of the question's stage.
bool may_divert_in_some_mailbox(const std::vector<Rule> &rules, const Question &question);

// The sentence for the sender, the log and the reviewer: the rule's own reason,
// or one made from what it matched.
std::string reason_of(const Decision &decision, const Report &report);

} // namespace smime

#endif
