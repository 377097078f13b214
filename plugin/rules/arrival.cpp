#include "plugin/rules/arrival.h"

#include <algorithm>
#include <array>

namespace smime {
namespace {

bool is_of_envelope(const Condition &condition) {
  return condition.key == Key::from || condition.key == Key::to;
}

bool asks_about_content(const Rule &rule) {
  return std::any_of(rule.conditions.begin(), rule.conditions.end(),
                     [](const Condition &c) { return !is_of_envelope(c) && c.key != Key::origin; });
}

bool fits_envelope(const Rule &rule, std::string_view from, std::string_view to) {
  const Report any;
  Question question{{}, '/', from, to, Origin::delivery, any, false, When::arrival};
  return std::all_of(rule.conditions.begin(), rule.conditions.end(), [&](const Condition &c) {
    return !is_of_envelope(c) || condition_holds(c, rule, question);
  });
}

bool diverts(const Rule &rule) { return rule.action != Action::deliver; }

bool is_diverted(const Decision &decision) { return decision.action != Action::deliver; }

// Where the one condition holds, so does the wider one.
bool covers(const Condition &wider, const Condition &condition) {
  if (wider.key != condition.key || wider.negated != condition.negated)
    return false;
  if (wider.key != Key::class_)
    return wider.value == condition.value;
  auto wide = std::get<ClassSet>(wider.value);
  auto narrow = std::get<ClassSet>(condition.value);
  return (wide | narrow) == (wider.negated ? narrow : wide);
}

// Each condition of the wider rule is one that the other has as well; every arrival is a
// delivery.
bool covers(const Rule &wider, const Rule &rule) {
  return std::all_of(wider.conditions.begin(), wider.conditions.end(), [&](const Condition &wide) {
    return wide.key == Key::origin ||
           std::any_of(rule.conditions.begin(), rule.conditions.end(),
                       [&](const Condition &condition) { return covers(wide, condition); });
  });
}

} // namespace

bool may_hold_at_arrival(const std::vector<Rule> &rules, std::string_view from,
                         std::string_view to) {
  for (const Rule &rule : rules) {
    if (rule.when != When::arrival || !fits_envelope(rule, from, to))
      continue;
    if (diverts(rule))
      return true;
    // It matches every message of the envelope, and ends the stage.
    if (!asks_about_content(rule))
      return false;
  }
  return false;
}

Decision decide_at_arrival(const std::vector<Rule> &rules, std::string_view from,
                           std::string_view to, const Report &report) {
  Question question{{}, '/', from, to, Origin::delivery, report, false, When::arrival};
  return decide(rules, question);
}

bool lacks_verdict_at_arrival(const std::vector<Rule> &rules, std::string_view from,
                              std::string_view to, const Report &report) {
  if (!lacks_verdict(decide_at_arrival(rules, from, to, report), report))
    return false;
  constexpr std::array verdicts{ScanVerdict::clean, ScanVerdict::uninspectable,
                                ScanVerdict::infected};
  Report other = report;
  return std::any_of(verdicts.begin(), verdicts.end(), [&](ScanVerdict verdict) {
    other.scan = verdict;
    return is_diverted(decide_at_arrival(rules, from, to, other));
  });
}

std::string wrong_rules_of_mailbox(const std::vector<Rule> &rules, const std::vector<Rule> &users) {
  for (const Rule &rule : rules) {
    bool is_users = std::any_of(users.begin(), users.end(), [&](const Rule &other) {
      return other.setting == rule.setting && other.text == rule.text;
    });
    if (rule.when == When::arrival && !is_users)
      return rule.setting + ": when=arrival does not go with a rule of a mailbox: which mailbox "
                            "it will be is not known before Sieve ran";
  }
  return {};
}

std::vector<std::string> settings_held_at_save_alone(const std::vector<Rule> &rules) {
  std::vector<std::string> settings;
  for (const Rule &rule : rules) {
    bool saved =
        rule.when == When::save && diverts(rule) && holds_for_origin(rule, Origin::delivery);
    bool covered = std::any_of(rules.begin(), rules.end(), [&](const Rule &other) {
      return other.when == When::arrival && diverts(other) && covers(other, rule);
    });
    if (saved && !covered)
      settings.push_back(rule.setting);
  }
  return settings;
}

bool holds_at_arrival(const std::vector<Rule> &rules) {
  return std::any_of(rules.begin(), rules.end(),
                     [](const Rule &rule) { return rule.when == When::arrival && diverts(rule); });
}

} // namespace smime
