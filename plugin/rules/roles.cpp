// The roles. A key is a row of the table below; Dovecot 2.4's settings are made from the same
// rows. What a role does not say it does not allow.
#include "plugin/rules/roles.h"

#include "common/safe-text.h"
#include "plugin/rules/address.h"
#include "plugin/rules/policy.h"
#include "plugin/rules/settings.h"
#include "plugin/rules/words.h"

#include <algorithm>
#include <array>
#include <set>
#include <utility>

namespace smime {
namespace {

constexpr std::array<std::pair<Act, std::string_view>, 8> act_names{{
    {Act::list, "list"},
    {Act::preview, "preview"},
    {Act::show, "show"},
    {Act::release, "release"},
    {Act::reject, "reject"},
    {Act::remove, "delete"},
    {Act::download, "download"},
    {Act::policy, "policy"},
}};

// Dovecot's own bound of a user name is higher; no mail address is longer.
constexpr std::size_t max_name = 320;

// The values between the commas. False if one is empty, or a "!" would be taken for a negation.
bool split(std::string_view text, std::vector<std::string> &values) {
  for (;;) {
    std::string_view value = text.substr(0, text.find(','));
    if (value.empty() || value.starts_with('!') || !is_one_line(value))
      return false;
    values.emplace_back(value);
    if (value.size() == text.size())
      return true;
    text.remove_prefix(value.size() + 1);
  }
}

bool set_classes(Role &role, std::string_view text) {
  std::vector<std::string> names;
  if (!split(text, names))
    return false;
  ClassSet all;
  for (const std::string &name : names) {
    auto classes = classes_from_name(name);
    if (!classes)
      return false;
    all = all | *classes;
  }
  role.classes = all;
  return true;
}

bool set_acts(Role &role, std::string_view text) {
  std::vector<std::string> names;
  if (!split(text, names))
    return false;
  return std::all_of(names.begin(), names.end(), [&](const std::string &name) {
    const auto *known = std::find_if(act_names.begin(), act_names.end(),
                                     [&](const auto &row) { return row.second == name; });
    if (known == act_names.end())
      return false;
    role.may.add(known->first);
    return true;
  });
}

// False means that the value is refused.
struct RoleKey {
  std::string_view name;
  bool (*set)(Role &role, std::string_view value);
};

constexpr std::array<RoleKey, role_key_count> keys{{
    {"reviewer", [](Role &role, std::string_view value) { return split(value, role.reviewers); }},
    {"to", [](Role &role, std::string_view value) { return split(value, role.to); }},
    {"class", set_classes},
    {"rule", [](Role &role, std::string_view value) { return split(value, role.rules); }},
    {"may", set_acts},
    {"approvals",
     [](Role &role, std::string_view value) {
       if (value.size() != 1 || value[0] < '1' || value[0] > '9')
         return false;
       role.approvals = static_cast<unsigned>(value[0] - '0');
       return true;
     }},
}};

template <typename Rows, typename Name> std::string join_names(const Rows &rows, Name name) {
  std::string list;
  for (const auto &row : rows)
    list += (list.empty() ? "" : ", ") + std::string(name(row));
  return list;
}

std::string known_acts() {
  return join_names(act_names, [](const auto &row) { return row.second; });
}

// Returns what is wrong, or an empty string.
std::string apply_word(const Word &word, Role &role) {
  for (const RoleKey &key : keys) {
    if (key.name != word.key)
      continue;
    if (key.set(role, word.value))
      return {};
    return "\"" + word.value + "\" is no value for " + word.key +
           (word.key == "may" ? " (known, separated by commas: " + known_acts() + ")" : "") +
           (word.key == "approvals" ? " (a number from 1 to 9)" : "");
  }
  return "unknown key \"" + word.key +
         "\" (known: " + join_names(keys, [](const RoleKey &key) { return key.name; }) + ")";
}

std::string missing_word(const Role &role) {
  if (role.reviewers.empty())
    return "there is no reviewer=, which says whose role it is";
  if (role.may.empty())
    return "there is no may= (" + known_acts() + ")";
  if (role.approvals > 1 && !role.may.has(Act::release))
    return "approvals= goes with may=release alone: nothing else wants them";
  return {};
}

template <typename Values, typename Test> bool any_of(const Values &values, Test test) {
  return std::any_of(values.begin(), values.end(), test);
}

bool is_role_of(const Role &role, std::string_view name) {
  return any_of(role.reviewers,
                [&](const std::string &pattern) { return name_matches(pattern, name); });
}

bool may_do_all(const Settings &settings, std::string_view name) {
  auto is_name = [&](const std::string &reviewer) { return reviewer == name; };
  return any_of(settings.reviewers, is_name) || any_of(settings.reviewers_all_mail, is_name);
}

// The record has the setting, and behind it what it said.
bool is_by_rule(std::string_view recorded, std::string_view name) {
  constexpr std::string_view block = "smime_rule ";
  auto begins_with = [&](std::string_view setting) {
    return recorded.starts_with(setting) &&
           (recorded.size() == setting.size() || recorded.substr(setting.size()).starts_with(": "));
  };
  return begins_with(name) || begins_with(std::string(block) + std::string(name));
}

// What a record has where a mailbox's own rules or none decided.
bool is_by_no_rule(std::string_view name) {
  return name.starts_with("policy of mailbox ") || name.starts_with("smime_scanner_failure") ||
         name == "scanner";
}

bool is_about(const Role &role, const HeldFacts &held) {
  auto is_recipient = [&](const std::string &pattern) {
    return (!held.to.empty() && address_matches(pattern, held.to)) ||
           (!held.user.empty() && address_matches(pattern, held.user));
  };
  return (role.to.empty() || any_of(role.to, is_recipient)) &&
         (!role.classes || (held.classes != nullptr && role.classes->intersects(*held.classes))) &&
         (role.rules.empty() ||
          any_of(role.rules, [&](const std::string &name) { return is_by_rule(held.rule, name); }));
}

// The acts of the name's roles that the test chooses.
template <typename Test> Acts acts_of(const Settings &settings, std::string_view name, Test test) {
  Acts acts;
  if (is_reviewer_name(name) && may_do_all(settings, name))
    return all_acts;
  for (const Role *role : roles_of(settings, name)) {
    if (test(*role))
      acts.add(role->may);
  }
  return acts;
}

template <typename Test>
unsigned approvals_of(const Settings &settings, std::string_view name, Test test) {
  if (!is_reviewer_name(name))
    return 0;
  if (may_do_all(settings, name))
    return 1;
  unsigned fewest = 0;
  if (!settings.errors.empty())
    return fewest;
  for (const Role &role : settings.roles) {
    if (is_role_of(role, name) && role.may.has(Act::release) && test(role) &&
        (fewest == 0 || role.approvals < fewest))
      fewest = role.approvals;
  }
  return fewest;
}

} // namespace

std::string_view name_of(Act act) {
  for (const auto &[value, name] : act_names) {
    if (value == act)
      return name;
  }
  return {};
}

std::string names_of(Acts acts) {
  std::string names;
  for (const auto &[value, name] : act_names) {
    if (acts.has(value))
      names += (names.empty() ? "" : " ") + std::string(name);
  }
  return names;
}

std::vector<std::string_view> role_keys() {
  std::vector<std::string_view> names;
  for (const RoleKey &key : keys)
    names.push_back(key.name);
  return names;
}

Role parse_role(const std::string &setting, std::string_view text, std::string &error) {
  Role role;
  role.setting = setting;
  role.text = text;
  std::set<std::string> seen;
  std::string problem;
  auto note = [&](const std::string &wrong) {
    if (problem.empty())
      problem = wrong;
  };
  for (skip_space(text); !text.empty(); skip_space(text)) {
    Word word;
    std::string wrong = next_word(text, word);
    note(wrong);
    if (!wrong.empty()) {
      // On to the next word: it may name a reviewer.
      text.remove_prefix(std::min(text.find_first_of(" \t\r\n"), text.size()));
      continue;
    }
    note(apply_word(word, role));
    if (!seen.insert(word.key).second)
      note(word.key + "= is given twice");
  }
  note(missing_word(role));
  if (problem.empty())
    return role;
  error = setting + ": " + problem;
  role.may = Acts();
  return role;
}

bool is_reviewer_name(std::string_view name) {
  return !name.empty() && name.size() <= max_name && is_one_line(name) &&
         terminal_text(name) == name;
}

std::vector<const Role *> roles_of(const Settings &settings, std::string_view name) {
  std::vector<const Role *> roles;
  if (!is_reviewer_name(name) || may_do_all(settings, name) || !settings.errors.empty())
    return roles;
  for (const Role &role : settings.roles) {
    if (is_role_of(role, name))
      roles.push_back(&role);
  }
  return roles;
}

bool is_named_reviewer(const Settings &settings, std::string_view name) {
  return may_do_all(settings, name) ||
         any_of(settings.roles, [&](const Role &role) { return is_role_of(role, name); });
}

bool are_roles_void(const Settings &settings, std::string_view name) {
  return !settings.errors.empty() && !may_do_all(settings, name);
}

std::vector<std::string> missing_rules_of_roles(const Settings &settings) {
  std::vector<std::string> texts;
  for (const Role &role : settings.roles) {
    for (const std::string &name : role.rules) {
      if (!is_by_no_rule(name) &&
          !any_of(settings.rules, [&](const Rule &rule) { return is_by_rule(rule.setting, name); }))
        texts.push_back(role.setting + ": rule=" + name + ": there is no rule of this name");
    }
  }
  return texts;
}

Acts acts_on_all(const Settings &settings, std::string_view name) {
  return acts_of(settings, name, [](const Role &role) { return !role.is_limited(); });
}

Acts acts_on(const Settings &settings, std::string_view name, const HeldFacts &held) {
  return acts_of(settings, name, [&](const Role &role) { return is_about(role, held); });
}

unsigned approvals_for(const Settings &settings, std::string_view name, const HeldFacts &held) {
  return approvals_of(settings, name, [&](const Role &role) { return is_about(role, held); });
}

unsigned approvals_for_all(const Settings &settings, std::string_view name) {
  return approvals_of(settings, name, [](const Role &role) { return !role.is_limited(); });
}

Acts acts_on_any(const Settings &settings, std::string_view name) {
  return acts_of(settings, name, [](const Role &) { return true; });
}

} // namespace smime
