#include "policy.h"

#include "address.h"
#include "mailbox-pattern.h"

#include <algorithm>
#include <array>
#include <set>
#include <utility>

namespace smime {
namespace {

constexpr std::array<std::pair<Action, std::string_view>, 4> action_names{{
    {Action::deliver, "deliver"},
    {Action::quarantine, "quarantine"},
    {Action::reject, "reject"},
    {Action::tempfail, "tempfail"},
}};

constexpr std::array<std::pair<Origin, std::string_view>, 3> origin_names{{
    {Origin::delivery, "delivery"},
    {Origin::append, "append"},
    {Origin::copy, "copy"},
}};

template <typename Table>
auto find_value(const Table &table, std::string_view name)
    -> std::optional<typename Table::value_type::first_type> {
  for (const auto &[value, candidate] : table) {
    if (candidate == name)
      return value;
  }
  return std::nullopt;
}

// RFC 9051 section 9, flag-keyword: an atom; "$" begins the registered ones.
bool is_keyword(std::string_view value) {
  return !value.empty() && value.size() <= 64 && value[0] != '\\' &&
         std::all_of(value.begin(), value.end(), [](char c) {
           return c > 0x20 && c < 0x7f && std::string_view("(){%*\"\\]").find(c) ==
                                              std::string_view::npos;
         });
}

bool is_one_line(std::string_view value) {
  return value.size() <= 500 && std::all_of(value.begin(), value.end(), [](char c) {
           return static_cast<unsigned char>(c) >= 0x20 && c != 0x7f;
         });
}

template <typename T, typename Parsed> bool assign(T &target, Parsed parsed) {
  if (!parsed)
    return false;
  target = *parsed;
  return true;
}

// Each key with what takes its value; false means that the value is refused.
using Setter = bool (*)(Rule &rule, std::string_view value);
constexpr std::array<std::pair<std::string_view, Setter>, 11> keys{{
    {"mailbox",
     [](Rule &rule, std::string_view value) {
       rule.mailbox = value;
       return !value.empty() && value != "!";
     }},
    {"class", [](Rule &rule, std::string_view value) {
       return assign(rule.classes, classes_from_name(value));
     }},
    {"signature",
     [](Rule &rule, std::string_view value) {
       return assign(rule.signature, signature_status_from_name(value));
     }},
    {"scan",
     [](Rule &rule, std::string_view value) {
       return assign(rule.scan, scan_verdict_from_name(value));
     }},
    {"from",
     [](Rule &rule, std::string_view value) {
       rule.from = value;
       return !value.empty();
     }},
    {"to",
     [](Rule &rule, std::string_view value) {
       rule.to = value;
       return !value.empty();
     }},
    {"origin",
     [](Rule &rule, std::string_view value) {
       return assign(rule.origin, find_value(origin_names, value));
     }},
    {"strength",
     [](Rule &rule, std::string_view value) {
       rule.weak_only = true;
       return value == "weak";
     }},
    {"flag",
     [](Rule &rule, std::string_view value) {
       rule.flag = value;
       return is_keyword(value);
     }},
    {"reason",
     [](Rule &rule, std::string_view value) {
       rule.reason = value;
       return !value.empty() && is_one_line(value);
     }},
    {"action",
     [](Rule &rule, std::string_view value) {
       return assign(rule.action, find_value(action_names, value));
     }},
}};

struct Word {
  std::string key;
  std::string value;
};

constexpr std::string_view white_space = " \t\r\n";

void skip_space(std::string_view &text) {
  text.remove_prefix(std::min(text.find_first_not_of(white_space), text.size()));
}

bool is_space(char c) { return white_space.find(c) != std::string_view::npos; }

// Takes "key=value" off text. A value may be quoted with ", in which \ escapes.
// Returns what is wrong, or an empty string.
std::string next_word(std::string_view &text, Word &word) {
  auto equals = text.find_first_of("= \t\r\n");
  if (equals == std::string_view::npos || text[equals] != '=')
    return "\"" + std::string(text.substr(0, equals)) + "\" is not of the form key=value";
  word.key = text.substr(0, equals);
  word.value.clear();
  text.remove_prefix(equals + 1);
  if (!text.starts_with('"')) {
    auto end = std::min(text.find_first_of(white_space), text.size());
    word.value = text.substr(0, end);
    text.remove_prefix(end);
    return {};
  }
  for (std::size_t i = 1; i < text.size(); i++) {
    if (text[i] == '"') {
      text.remove_prefix(i + 1);
      if (!text.empty() && !is_space(text[0]))
        return "no space behind the quoted value of " + word.key;
      return {};
    }
    if (text[i] == '\\' && i + 1 < text.size())
      i++;
    word.value += text[i];
  }
  return "the quoted value of " + word.key + " is not closed";
}

std::string known_keys() {
  std::string list;
  for (const auto &[key, setter] : keys)
    list += (list.empty() ? "" : ", ") + std::string(key);
  return list;
}

// Returns what is wrong, or an empty string.
std::string apply_word(const Word &word, Rule &rule) {
  for (const auto &[key, setter] : keys) {
    if (key != word.key)
      continue;
    if (!setter(rule, word.value))
      return "\"" + word.value + "\" is no value for " + word.key;
    return {};
  }
  return "unknown key \"" + word.key + "\" (known: " + known_keys() + ")";
}

std::string join_condition(ClassSet classes) {
  if (classes == any_signed_classes)
    return "any-signed";
  if (classes == any_encrypted_classes)
    return "any-encrypted";
  return join_class_names(classes);
}

// "from is a@b, not *@c"
std::string differs(std::string_view what, std::string_view is, std::string_view wanted) {
  std::string text(what);
  text += " is ";
  text += is.empty() ? "not known" : is;
  text += ", not ";
  text += wanted;
  return text;
}

bool mailbox_condition_holds(std::string_view pattern, const Question &question) {
  bool negated = pattern.starts_with('!');
  if (negated)
    pattern.remove_prefix(1);
  return mailbox_matches(pattern, question.mailbox, question.separator) != negated;
}

bool matches_but_for_mailbox(const Rule &rule, const Question &question) {
  const Report &report = question.report;
  // The cheap conditions first.
  return (!rule.classes || rule.classes->intersects(report.classes)) &&
         (rule.origin ? *rule.origin == question.origin : !question.released) &&
         (!rule.signature || *rule.signature == report.signature) &&
         (!rule.scan || *rule.scan == report.scan) &&
         (!rule.weak_only || report.strength == Strength::weak) &&
         (!rule.from || address_matches(*rule.from, question.from)) &&
         (!rule.to || address_matches(*rule.to, question.to));
}

bool matches(const Rule &rule, const Question &question) {
  return matches_but_for_mailbox(rule, question) &&
         (!rule.mailbox || mailbox_condition_holds(*rule.mailbox, question));
}

} // namespace

std::optional<ClassSet> classes_from_name(std::string_view value) {
  if (value == "any-signed")
    return any_signed_classes;
  if (value == "any-encrypted")
    return any_encrypted_classes;
  auto single = class_from_name(value);
  if (!single)
    return std::nullopt;
  return ClassSet(*single);
}

std::vector<std::string_view> rule_keys() {
  std::vector<std::string_view> names;
  for (const auto &[key, setter] : keys)
    names.push_back(key);
  return names;
}

namespace {

template <typename Enum> std::vector<std::string_view> names_of() {
  std::vector<std::string_view> names;
  for (unsigned i = 0; !name_of(static_cast<Enum>(i)).empty(); i++)
    names.push_back(name_of(static_cast<Enum>(i)));
  return names;
}

} // namespace

std::vector<std::string_view> rule_values(std::string_view key) {
  if (key == "class") {
    auto names = names_of<MessageClass>();
    names.insert(names.end(), {"any-signed", "any-encrypted"});
    return names;
  }
  if (key == "signature")
    return names_of<SignatureStatus>();
  if (key == "scan")
    return names_of<ScanVerdict>();
  if (key == "origin")
    return names_of<Origin>();
  if (key == "strength")
    return {name_of(Strength::weak)};
  if (key == "action")
    return names_of<Action>();
  return {};
}

std::string compose_rule(const std::vector<std::pair<std::string_view, std::string_view>> &words) {
  std::string text;
  for (const auto &[key, value] : words) {
    if (value.empty())
      continue;
    text += (text.empty() ? "" : " ") + std::string(key) + "=";
    if (value.find_first_of(" \t\r\n\"\\") == std::string_view::npos) {
      text += value;
      continue;
    }
    text += '"';
    for (char c : value)
      text += (c == '"' || c == '\\' ? "\\" : "") + std::string(1, c);
    text += '"';
  }
  return text;
}

std::string_view name_of(Action action) {
  for (const auto &[value, name] : action_names) {
    if (value == action)
      return name;
  }
  return {};
}

std::string_view name_of(Origin origin) {
  for (const auto &[value, name] : origin_names) {
    if (value == origin)
      return name;
  }
  return {};
}

std::optional<Origin> origin_from_name(std::string_view name) {
  return find_value(origin_names, name);
}

bool lacks_verdict(const Decision &decision, const Report &report) {
  return decision.rule == nullptr && report.scan == ScanVerdict::error;
}

std::string why_not(const Rule &rule, const Question &question) {
  const Report &report = question.report;
  if (rule.mailbox && !mailbox_condition_holds(*rule.mailbox, question))
    return differs("mailbox", question.mailbox, *rule.mailbox);
  if (rule.classes && !rule.classes->intersects(report.classes))
    return differs("class", join_class_names(report.classes), join_condition(*rule.classes));
  if (rule.origin && *rule.origin != question.origin)
    return differs("origin", name_of(question.origin), name_of(*rule.origin));
  if (!rule.origin && question.released)
    return "a reviewer released the message: for its copies only rules with origin= hold";
  if (rule.signature && *rule.signature != report.signature)
    return differs("signature", name_of(report.signature), name_of(*rule.signature));
  if (rule.scan && *rule.scan != report.scan)
    return differs("scan", name_of(report.scan), name_of(*rule.scan));
  if (rule.weak_only && report.strength != Strength::weak)
    return differs("strength", name_of(report.strength), "weak");
  if (rule.from && !address_matches(*rule.from, question.from))
    return differs("from", question.from, *rule.from);
  if (rule.to && !address_matches(*rule.to, question.to))
    return differs("to", question.to, *rule.to);
  return {};
}

namespace {

// Takes one rule off text: it ends behind its action=.
std::optional<Rule> take_rule(const std::string &setting, std::string_view &text,
                              std::string &error) {
  Rule rule;
  rule.setting = setting;
  std::string_view whole = text;
  std::set<std::string> seen;
  std::string problem;
  while (problem.empty() && !seen.contains("action")) {
    skip_space(text);
    if (text.empty())
      break;
    Word word;
    problem = next_word(text, word);
    if (problem.empty())
      problem = apply_word(word, rule);
    if (problem.empty() && !seen.insert(word.key).second)
      problem = word.key + "= is given twice";
  }
  if (problem.empty() && !seen.contains("action"))
    problem = "there is no action= (deliver, quarantine, reject, tempfail)";
  if (!problem.empty()) {
    error = setting + ": " + problem;
    return std::nullopt;
  }
  rule.text = whole.substr(0, whole.size() - text.size());
  return rule;
}

} // namespace

std::optional<Rule> parse_rule(const std::string &setting, std::string_view text,
                               std::string &error) {
  auto rule = take_rule(setting, text, error);
  skip_space(text);
  if (rule && !text.empty()) {
    error = setting + ": action= must come last";
    return std::nullopt;
  }
  return rule;
}

std::optional<std::vector<Rule>> parse_rules(const std::string &setting, std::string_view text,
                                             std::string &error) {
  std::vector<Rule> rules;
  skip_space(text);
  while (!text.empty()) {
    auto rule = take_rule(setting, text, error);
    if (!rule)
      return std::nullopt;
    rules.push_back(std::move(*rule));
    skip_space(text);
  }
  return rules;
}

bool holds_for_mailbox(const Rule &rule, std::string_view mailbox, char separator) {
  const Report any;
  Question question{mailbox, separator, {}, {}, Origin::delivery, any};
  return !rule.mailbox || mailbox_condition_holds(*rule.mailbox, question);
}

bool concerns_mailbox(const std::vector<Rule> &rules, std::string_view mailbox, char separator,
                      Origin origin) {
  Report any;
  Question question{mailbox, separator, {}, {}, origin, any};
  return std::any_of(rules.begin(), rules.end(), [&](const Rule &rule) {
    return (rule.action != Action::deliver || !rule.flag.empty()) &&
           (!rule.origin || *rule.origin == origin) &&
           (!rule.mailbox || mailbox_condition_holds(*rule.mailbox, question));
  });
}

Decision decide(const std::vector<Rule> &rules, const Question &question) {
  for (const Rule &rule : rules) {
    if (matches(rule, question))
      return {rule.action, &rule};
  }
  return {};
}

bool may_divert_in_some_mailbox(const std::vector<Rule> &rules, const Question &question) {
  return std::any_of(rules.begin(), rules.end(), [&](const Rule &rule) {
    return rule.action != Action::deliver && matches_but_for_mailbox(rule, question);
  });
}

std::string reason_of(const Decision &decision, const Report &report) {
  if (decision.rule == nullptr)
    return "no rule matched";
  if (!decision.rule->reason.empty())
    return decision.rule->reason;
  std::string content = "Mail of class " + join_class_names(report.classes);
  // What was asked for is what is answered.
  if (decision.rule->scan == ScanVerdict::infected)
    content = "A message that carries malware (" + report.scan_name + ")";
  else if (decision.rule->scan == ScanVerdict::error)
    content = "A message that the virus scanner could not look at";
  switch (decision.action) {
  case Action::deliver: return content + " is delivered";
  case Action::quarantine: return content + " is held for review";
  case Action::reject: return content + " is not accepted here";
  case Action::tempfail: break;
  }
  return content + " is not accepted here at present";
}

} // namespace smime
