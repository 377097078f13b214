// Rules and settings as an operator may write them. A line each; what follows an
// empty line is the question.
#include "fuzz.h"
#include "plugin/rules/mailbox-pattern.h"
#include "plugin/rules/policy.h"

using namespace smime;

namespace {

// A condition and its negation leave no gap to what holds or refuses, and overlap in
// nothing that delivers.
void check_negations(const Rule &rule, const Question &question) {
  for (Condition condition : rule.conditions) {
    bool holds = condition_holds(condition, rule, question);
    condition.negated = !condition.negated;
    bool negation_holds = condition_holds(condition, rule, question);
    FUZZ_CHECK(rule.action == Action::deliver ? !(holds && negation_holds)
                                              : holds || negation_holds);
  }
}

} // namespace

int LLVMFuzzerInitialize(int *, char ***) { return 0; }

int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
  std::string_view text = as_text(data, size);
  std::string_view asked;
  if (std::size_t empty = text.find("\n\n"); empty != std::string_view::npos) {
    asked = text.substr(empty + 2);
    text = text.substr(0, empty);
  }
  std::vector<Rule> rules;
  while (!text.empty()) {
    std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    std::string error;
    if (auto rule = parse_rule("smime_rule", line, error))
      rules.push_back(*rule);
    else
      FUZZ_CHECK(error.starts_with("smime_rule"));
  }
  Report report;
  report.classes.add(MessageClass::encrypted);
  report.scan = ScanVerdict::uninspectable;
  Question question{asked.substr(0, asked.find('\n')),
                    '/',
                    "a@example.org",
                    "b@example.org",
                    Origin::delivery,
                    report};
  Decision decision = decide(rules, question);
  for (const Rule &rule : rules)
    check_negations(rule, question);
  // What is told of a rule is what it does.
  for (const Rule &rule : rules) {
    if (&rule == decision.rule) {
      FUZZ_CHECK(why_not(rule, question).empty());
      break;
    }
    FUZZ_CHECK(!why_not(rule, question).empty());
  }
  FUZZ_CHECK(decision.rule != nullptr || decision.action == Action::deliver);
  if (decision.action != Action::deliver) {
    FUZZ_CHECK(!reason_of(decision, report).empty());
    FUZZ_CHECK(may_divert_in_some_mailbox(rules, question));
  }
  return 0;
}
