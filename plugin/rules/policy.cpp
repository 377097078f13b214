// The rules. A key that asks something of a message is a row of condition_keys: its name, how its
// value is read, whether it holds, what to say where it does not, and when it is known. What a
// rule says beside that (when, flag, reason, hold, then, warn, notify, recipient, action) is a row
// of property_keys. Dovecot 2.4's settings and "rule_keys()" are made from the same rows. To add a
// condition: a Key and a row at the same place, rule_key_count, a line in dovecot-smime(7) and in
// README's table of keys.
#include "plugin/rules/policy.h"

#include "common/ascii.h"
#include "plugin/rules/address.h"
#include "plugin/rules/mailbox-pattern.h"
#include "plugin/rules/words.h"

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

constexpr std::array<std::pair<When, std::string_view>, 2> when_names{{
    {When::arrival, "arrival"},
    {When::save, "save"},
}};

constexpr std::array<std::pair<Then, std::string_view>, 3> then_names{{
    {Then::remove, "delete"},
    {Then::release, "release"},
    {Then::reject, "reject"},
}};

constexpr std::array<std::pair<RecipientMay, std::string_view>, 4> may_names{{
    {RecipientMay::nothing, "none"},
    {RecipientMay::view, "view"},
    {RecipientMay::request, "request"},
    {RecipientMay::release, "release"},
}};

constexpr std::string_view notify_recipient = "recipient";
constexpr std::string_view notify_sender = "sender";

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
           return c > 0x20 && c < 0x7f &&
                  std::string_view("(){%*\"\\]").find(c) == std::string_view::npos;
         });
}

template <typename T, typename Parsed> bool assign(T &target, Parsed parsed) {
  if (!parsed)
    return false;
  target = *parsed;
  return true;
}

// --- keys that ask something

// In doubt, a fact is taken to hold (wide) or not to (narrow).
enum class Reading : std::uint8_t { narrow, wide };

// What is asked of a message under one key.
struct ConditionKey {
  std::string_view name;
  Key key;
  // False refuses the value.
  bool (*parse)(std::string_view text, ConditionValue &value);
  bool (*holds)(const ConditionValue &value, const Question &question, Reading reading);
  // What the message is, for people; empty: not known.
  std::string (*tell)(const Question &question);
  // Whether that is all there is to know.
  bool (*is_known)(const Question &question);
};

bool is_always_known(const Question &) { return true; }

bool parse_pattern(std::string_view text, ConditionValue &value) {
  value = std::string(text);
  return !text.empty();
}

bool class_holds(const ConditionValue &value, const Question &question, Reading) {
  return std::get<ClassSet>(value).intersects(question.report.classes);
}

// A malformed message, or a part that was not looked into for another reason than that
// its class says so, may be of classes that nobody has seen. So may a message whose
// report had no room for everything.
bool classes_are_known(const Question &question) {
  static constexpr std::array<std::string_view, 5> told_by_class{
      "smime-encrypted", "pgp-encrypted", "encrypted-archive", "encrypted-document",
      "engine-limit"};
  const Report &report = question.report;
  return !report.classes.has(MessageClass::malformed) && report.dropped == 0 &&
         std::all_of(report.uninspectable.begin(), report.uninspectable.end(),
                     [](const Uninspectable &part) {
                       return std::find(told_by_class.begin(), told_by_class.end(), part.reason) !=
                              told_by_class.end();
                     });
}

// A part that cannot be looked into is one whether or not the virus scanner failed, too.
// Where it failed, that is no reason to deliver: malware may be in the other parts.
bool scan_holds(const ConditionValue &value, const Question &question, Reading reading) {
  const Report &report = question.report;
  auto wanted = std::get<ScanVerdict>(value);
  return wanted == report.scan || (wanted == ScanVerdict::uninspectable &&
                                   reading == Reading::wide && !report.uninspectable.empty());
}

// The report may be of a scanner that was taken over: codes are words, and no more.
bool is_code(std::string_view text) {
  return !text.empty() && text.size() <= 40 &&
         text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") == std::string_view::npos;
}

// Every code of the report: what is odd about the message, what speaks against its signatures,
// and why parts were not looked into.
std::set<std::string_view> codes_of(const Report &report) {
  std::set<std::string_view> codes;
  for (const auto *errors : {&report.errors, &report.signature_errors}) {
    for (const ReportError &error : *errors)
      codes.insert(error.code);
  }
  for (const Uninspectable &part : report.uninspectable)
    codes.insert(part.reason);
  return codes;
}

std::string tell_codes(const Question &question) {
  std::string text;
  for (std::string_view code : codes_of(question.report)) {
    if (!is_code(code))
      continue;
    text += text.empty() ? "" : " ";
    text += code;
  }
  return text.empty() ? "none" : text;
}

constexpr std::array<ConditionKey, 9> condition_keys{{
    {"class", Key::class_,
     [](std::string_view text, ConditionValue &value) {
       return assign(value, classes_from_name(text));
     },
     class_holds,
     [](const Question &question) { return join_class_names(question.report.classes); },
     classes_are_known},
    {"origin", Key::origin,
     [](std::string_view text, ConditionValue &value) {
       return assign(value, find_value(origin_names, text));
     },
     [](const ConditionValue &value, const Question &question, Reading) {
       return std::get<Origin>(value) == question.origin;
     },
     [](const Question &question) { return std::string(name_of(question.origin)); },
     is_always_known},
    {"signature", Key::signature,
     [](std::string_view text, ConditionValue &value) {
       return assign(value, signature_status_from_name(text));
     },
     [](const ConditionValue &value, const Question &question, Reading) {
       return std::get<SignatureStatus>(value) == question.report.signature;
     },
     [](const Question &question) { return std::string(name_of(question.report.signature)); },
     classes_are_known},
    {"scan", Key::scan,
     [](std::string_view text, ConditionValue &value) {
       return assign(value, scan_verdict_from_name(text));
     },
     scan_holds,
     [](const Question &question) { return std::string(name_of(question.report.scan)); },
     [](const Question &question) { return question.report.scan != ScanVerdict::error; }},
    {"strength", Key::strength,
     [](std::string_view text, ConditionValue &value) {
       value = Strength::weak;
       return text == name_of(Strength::weak);
     },
     [](const ConditionValue &value, const Question &question, Reading) {
       return std::get<Strength>(value) == question.report.strength;
     },
     [](const Question &question) { return std::string(name_of(question.report.strength)); },
     classes_are_known},
    {"finding", Key::finding,
     [](std::string_view text, ConditionValue &value) {
       value = std::string(text);
       return is_code(text);
     },
     [](const ConditionValue &value, const Question &question, Reading) {
       return codes_of(question.report).count(std::get<std::string>(value)) != 0;
     },
     tell_codes, classes_are_known},
    {"mailbox", Key::mailbox, parse_pattern,
     [](const ConditionValue &value, const Question &question, Reading) {
       return mailbox_matches(std::get<std::string>(value), question.mailbox, question.separator);
     },
     [](const Question &question) { return std::string(question.mailbox); }, is_always_known},
    {"from", Key::from, parse_pattern,
     [](const ConditionValue &value, const Question &question, Reading) {
       return address_matches(std::get<std::string>(value), question.from);
     },
     [](const Question &question) { return std::string(question.from); },
     [](const Question &question) { return !question.from.empty(); }},
    {"to", Key::to, parse_pattern,
     [](const ConditionValue &value, const Question &question, Reading) {
       return address_matches(std::get<std::string>(value), question.to);
     },
     [](const Question &question) { return std::string(question.to); },
     [](const Question &question) { return !question.to.empty(); }},
}};

// A key's row is found by its place.
constexpr bool has_the_order_of_keys() {
  for (std::size_t i = 0; i < condition_keys.size(); i++) {
    if (condition_keys[i].key != static_cast<Key>(i))
      return false;
  }
  return true;
}
static_assert(has_the_order_of_keys());

const ConditionKey &key_of(const Condition &condition) {
  return condition_keys.at(static_cast<std::size_t>(condition.key));
}

bool diverts(const Rule &rule) { return rule.action != Action::deliver; }

// False refuses the value.
bool add_condition(const ConditionKey &key, std::string_view text, Rule &rule) {
  Condition condition{key.key, text.starts_with('!'), {}, std::string(text)};
  // "!!" would be a pattern that nobody means.
  if (condition.negated)
    text.remove_prefix(1);
  if (text.starts_with('!') || !key.parse(text, condition.value))
    return false;
  auto place = std::find_if(rule.conditions.begin(), rule.conditions.end(),
                            [&](const Condition &other) { return other.key > key.key; });
  rule.conditions.insert(place, std::move(condition));
  return true;
}

// --- keys that say something of the rule

// Takes one of the words of notify=. Said twice it is a mistake.
bool add_notified(Rule &rule, std::string_view who) {
  bool *known = who == notify_recipient ? &rule.notifies_recipient
                : who == notify_sender  ? &rule.notifies_sender
                                        : nullptr;
  if (known != nullptr)
    return !std::exchange(*known, true);
  auto same = [who](const std::string &other) { return equals_ignoring_case(other, who); };
  if (!is_plain_address(who) || rule.notified.size() == max_notified ||
      std::any_of(rule.notified.begin(), rule.notified.end(), same))
    return false;
  rule.notified.emplace_back(who);
  return true;
}

bool set_notified(Rule &rule, std::string_view value) {
  for (bool more = true; more;) {
    std::size_t comma = value.find(',');
    std::string_view who = value.substr(0, comma);
    skip_space(who);
    who = who.substr(0, who.find_last_not_of(' ') + 1);
    if (!add_notified(rule, who))
      return false;
    more = comma != std::string_view::npos;
    value.remove_prefix(more ? comma + 1 : 0);
  }
  return true;
}

bool notifies(const Rule &rule) {
  return rule.notifies_recipient || rule.notifies_sender || !rule.notified.empty();
}

// Each with what takes its value; false means that the value is refused.
using Setter = bool (*)(Rule &rule, std::string_view value);
struct PropertyKey {
  std::string_view name;
  Setter set;
  // Any text will do, so that "!" in front is of the text.
  bool is_text;
  // What it may be, for who wrote something else.
  std::string_view values;
};

constexpr std::string_view times = "a number and h, d or w, such as 12h or 30d";

constexpr std::array<PropertyKey, 9> property_keys{{
    {"when",
     [](Rule &rule, std::string_view value) {
       return assign(rule.when, find_value(when_names, value));
     },
     false, "arrival or save"},
    {"flag",
     [](Rule &rule, std::string_view value) {
       rule.flag = value;
       return is_keyword(value);
     },
     false, "a keyword such as $Seal"},
    {"reason",
     [](Rule &rule, std::string_view value) {
       rule.reason = value;
       return !value.empty() && is_one_line(value);
     },
     true, "a text of one line"},
    {"hold",
     [](Rule &rule, std::string_view value) { return assign(rule.hold, parse_days(value)); }, false,
     times},
    {"then",
     [](Rule &rule, std::string_view value) {
       return assign(rule.then, find_value(then_names, value));
     },
     false, "delete, release or reject"},
    {"warn",
     [](Rule &rule, std::string_view value) { return assign(rule.warn, parse_days(value)); }, false,
     times},

    {"notify", [](Rule &rule, std::string_view value) { return set_notified(rule, value); }, false,
     "recipient, sender, up to three addresses such as helpdesk@example.org, or several of "
     "them with \",\" between"},
    {"recipient",
     [](Rule &rule, std::string_view value) {
       return assign(rule.recipient_may, find_value(may_names, value));
     },
     false, "none, view, request or release"},
    {"action",
     [](Rule &rule, std::string_view value) {
       return assign(rule.action, find_value(action_names, value));
     },
     false, "deliver, quarantine, reject or tempfail"},
}};

static_assert(condition_keys.size() + property_keys.size() == rule_key_count);

std::string known_keys() {
  std::string list;
  for (std::string_view key : rule_keys())
    list += (list.empty() ? "" : ", ") + std::string(key);
  return list;
}

// Returns what is wrong, or an empty string.
std::string apply_word(const Word &word, Rule &rule) {
  const std::string refused = "\"" + word.value + "\" is no value for " + word.key;
  for (const ConditionKey &key : condition_keys) {
    if (key.name == word.key)
      return add_condition(key, word.value, rule) ? "" : refused;
  }
  for (const PropertyKey &key : property_keys) {
    if (key.name != word.key)
      continue;
    if (!key.is_text && word.value.starts_with('!'))
      return refused + ": it cannot be negated";
    return key.set(rule, word.value) ? "" : refused + " (" + std::string(key.values) + ")";
  }
  return "unknown key \"" + word.key + "\" (known: " + known_keys() + ")";
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

// Whether rules say something of this message at all: of a copy of what a reviewer
// released, only those do that name the origin copy.
bool may_ask(const Rule &rule, const Question &question) {
  const Condition *origin = find_condition(rule, Key::origin);
  return !question.released || (origin != nullptr && !origin->negated);
}

// Null if all of them hold; those for the mailbox count only if it is asked for.
const Condition *first_that_fails(const Rule &rule, const Question &question,
                                  bool with_mailbox = true) {
  for (const Condition &condition : rule.conditions) {
    if ((with_mailbox || condition.key != Key::mailbox) &&
        !condition_holds(condition, rule, question))
      return &condition;
  }
  return nullptr;
}

bool matches_but_for_mailbox(const Rule &rule, const Question &question) {
  return rule.when == question.when && may_ask(rule, question) &&
         first_that_fails(rule, question, false) == nullptr;
}

bool matches(const Rule &rule, const Question &question) {
  return rule.when == question.when && may_ask(rule, question) &&
         first_that_fails(rule, question) == nullptr;
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
  for (const ConditionKey &key : condition_keys)
    names.push_back(key.name);
  for (const PropertyKey &key : property_keys)
    names.push_back(key.name);
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

namespace {

std::vector<std::string_view> fixed_values(std::string_view key) {
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
  if (key == "when")
    return names_of<When>();
  if (key == "then")
    return names_of<Then>();
  if (key == "recipient")
    return names_of<RecipientMay>();
  if (key == "action")
    return names_of<Action>();
  return {};
}

} // namespace

std::vector<std::string> rule_values(std::string_view key) {
  auto names = fixed_values(key);
  std::vector<std::string> values(names.begin(), names.end());
  if (std::any_of(condition_keys.begin(), condition_keys.end(),
                  [&](const ConditionKey &condition) { return condition.name == key; })) {
    for (std::string_view name : names)
      values.push_back("!" + std::string(name));
  }
  return values;
}

std::string_view name_of(Then then) {
  for (const auto &[value, name] : then_names) {
    if (value == then)
      return name;
  }
  return {};
}

std::string_view name_of(RecipientMay may) {
  for (const auto &[value, name] : may_names) {
    if (value == may)
      return name;
  }
  return {};
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

std::string_view name_of(When when) {
  for (const auto &[value, name] : when_names) {
    if (value == when)
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
  if (rule.when != question.when)
    return differs("when", name_of(question.when), name_of(rule.when));
  if (!may_ask(rule, question))
    return "a reviewer released the message: for its copies only rules with origin=copy hold";
  const Condition *failed = first_that_fails(rule, question);
  if (failed == nullptr)
    return {};
  const ConditionKey &key = key_of(*failed);
  std::string text = differs(key.name, key.tell(question), failed->text);
  if (failed->negated && !key.holds(failed->value, question, Reading::narrow))
    text += " for certain, without which nothing is delivered";
  return text;
}

namespace {

// What does not go with when=arrival, or an empty string. Nothing is saved at that stage,
// and it is one of deliveries.
std::string wrong_at_arrival(const Rule &rule) {
  if (rule.when != When::arrival)
    return {};
  if (find_condition(rule, Key::mailbox) != nullptr)
    return "mailbox= does not go with when=arrival: which mailbox it will be is not known before "
           "Sieve ran";
  if (!holds_for_origin(rule, Origin::delivery))
    return "origin=" + find_condition(rule, Key::origin)->text +
           " does not go with when=arrival: only deliveries arrive";
  if (!rule.flag.empty())
    return "flag= does not go with when=arrival: it is set when a message is saved";
  return {};
}

// What is wrong with how long a message is held, or an empty string.
std::string wrong_hold(const Rule &rule) {
  if (rule.hold == 0 && !rule.then && rule.warn == 0)
    return {};
  if (rule.action != Action::quarantine)
    return "hold=, then= and warn= go with action=quarantine alone";
  if (rule.hold == 0)
    return "then= and warn= go with hold=, such as hold=30d";
  if (!rule.then)
    return "hold= wants then= (delete, release, reject): what becomes of the message";
  return rule.warn < rule.hold ? "" : "warn= is not shorter than hold=";
}

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
  if (problem.empty())
    problem = wrong_at_arrival(rule);
  if (problem.empty())
    problem = wrong_hold(rule);
  if (problem.empty() && notifies(rule) && rule.action != Action::quarantine)
    problem = "notify= goes with action=quarantine alone: it tells of what is held";
  if (problem.empty() && rule.recipient_may != RecipientMay::nothing &&
      rule.action != Action::quarantine)
    problem = "recipient= goes with action=quarantine alone: it is about what is held";
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

const Condition *find_condition(const Rule &rule, Key key) {
  auto found = std::find_if(rule.conditions.begin(), rule.conditions.end(),
                            [&](const Condition &condition) { return condition.key == key; });
  return found == rule.conditions.end() ? nullptr : &*found;
}

bool condition_holds(const Condition &condition, const Rule &rule, const Question &question) {
  const ConditionKey &key = key_of(condition);
  if (!condition.negated)
    return key.holds(condition.value, question, diverts(rule) ? Reading::wide : Reading::narrow);
  if (diverts(rule))
    return !key.holds(condition.value, question, Reading::narrow);
  return !key.holds(condition.value, question, Reading::wide) && key.is_known(question);
}

namespace {

bool holds_for(const Rule &rule, Key key, const Question &question) {
  return std::all_of(rule.conditions.begin(), rule.conditions.end(),
                     [&](const Condition &condition) {
                       return condition.key != key || condition_holds(condition, rule, question);
                     });
}

} // namespace

bool holds_for_mailbox(const Rule &rule, std::string_view mailbox, char separator) {
  const Report any;
  return holds_for(rule, Key::mailbox, {mailbox, separator, {}, {}, Origin::delivery, any});
}

bool holds_for_origin(const Rule &rule, Origin origin) {
  const Report any;
  return holds_for(rule, Key::origin, {{}, '/', {}, {}, origin, any});
}

bool concerns_mailbox(const std::vector<Rule> &rules, std::string_view mailbox, char separator,
                      Origin origin) {
  return std::any_of(rules.begin(), rules.end(), [&](const Rule &rule) {
    return rule.when == When::save && (diverts(rule) || !rule.flag.empty()) &&
           holds_for_origin(rule, origin) && holds_for_mailbox(rule, mailbox, separator);
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
    return diverts(rule) && matches_but_for_mailbox(rule, question);
  });
}

namespace {

// " (limit-exceeded, malformed)": each code once, and not all where there are many.
std::string reasons_of(const Report &report) {
  constexpr std::size_t most = 5;
  std::set<std::string_view> reasons;
  for (const Uninspectable &part : report.uninspectable) {
    if (reasons.size() < most && is_code(part.reason))
      reasons.insert(part.reason);
  }
  std::string text;
  for (std::string_view reason : reasons)
    text += (text.empty() ? " (" : ", ") + std::string(reason);
  return text.empty() ? text : text + ")";
}

} // namespace

namespace {

// What the rule asked for of the message, for the sentence "... is held for review".
std::string content_of(const Rule &rule, const Report &report) {
  if (const Condition *scan = find_condition(rule, Key::scan)) {
    auto verdict = scan->negated ? report.scan : std::get<ScanVerdict>(scan->value);
    if (verdict == ScanVerdict::infected)
      return "A message that carries malware (" + report.scan_name + ")";
    if (verdict == ScanVerdict::error)
      return "A message that the virus scanner could not look at";
    if (verdict == ScanVerdict::uninspectable)
      return "A message with content that could not be looked into" + reasons_of(report);
    if (scan->negated && verdict == ScanVerdict::not_scanned)
      return "A message that no virus scanner looked at";
  }
  const Condition *classes = find_condition(rule, Key::class_);
  if (classes != nullptr && classes->negated)
    return "Mail that is not of class " + classes->text.substr(1);
  const Condition *signature = find_condition(rule, Key::signature);
  if (signature != nullptr && signature->negated)
    return "Mail whose signature is not " + signature->text.substr(1) + " (it is " +
           std::string(name_of(report.signature)) + ")";
  return "Mail of class " + join_class_names(report.classes);
}

// A reviewer must not release malware because it was held for something else. Senders are
// told what the rule says, and no more.
std::string malware_of(const Decision &decision, const Report &report) {
  const Condition *scan = find_condition(*decision.rule, Key::scan);
  // content_of() says it of those that it was made for, and of what a negated condition
  // found to be malware.
  bool is_asked_for = scan != nullptr &&
                      (scan->negated ? decision.rule->reason.empty()
                                     : std::get<ScanVerdict>(scan->value) == ScanVerdict::infected);
  if (decision.action != Action::quarantine || report.scan != ScanVerdict::infected || is_asked_for)
    return "";
  return "; it carries malware (" + report.scan_name + ")";
}

} // namespace

std::string reason_of(const Decision &decision, const Report &report) {
  if (decision.rule == nullptr)
    return "no rule matched";
  if (!decision.rule->reason.empty())
    return decision.rule->reason + malware_of(decision, report);
  // What was asked for is what is answered.
  std::string content = content_of(*decision.rule, report);
  switch (decision.action) {
  case Action::deliver: return content + " is delivered";
  case Action::quarantine: return content + " is held for review" + malware_of(decision, report);
  case Action::reject: return content + " is not accepted here";
  case Action::tempfail: break;
  }
  return content + " is not accepted here at present";
}

} // namespace smime
