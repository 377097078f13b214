#include "plugin/settings/dovecot-24.h"

#include <array>
#include <cstddef>

namespace smime {
namespace {

// --- what Dovecot fills in

struct SettingsValues {
  pool_t pool;
  ARRAY_TYPE(const_string) rules;
  std::array<const char *, known_setting_count> values;
};

struct RuleValues {
  pool_t pool;
  const char *name;
  // In the order of rule_keys().
  std::array<const char *, rule_key_count> values;
};

constexpr auto no_flags = static_cast<setting_flags>(0);

setting_define define(const char *key, setting_type type, std::size_t offset,
                      setting_flags flags = no_flags) {
  setting_define result{};
  result.type = type;
  result.flags = flags;
  result.key = key;
  result.offset = offset;
  return result;
}

// --- checks: the same code that the plugin decides with

bool is_known(const char *value) { return value != set_value_unknown; }

bool refuse(pool_t pool, const std::string &problem, const char **error_r) {
  *error_r = p_strdup(pool, problem.c_str());
  return false;
}

NamedValues named(const SettingsValues &set) {
  NamedValues values;
  for (std::size_t i = 0; i < known_setting_count; i++) {
    if (is_known(set.values[i]))
      values.emplace_back(setting_info(i).name, set.values[i]);
  }
  return values;
}

std::string text_of(const RuleValues &set) {
  std::vector<std::pair<std::string_view, std::string_view>> words;
  auto keys = rule_keys();
  for (std::size_t i = 0; i < keys.size(); i++) {
    if (is_known(set.values[i]))
      words.emplace_back(keys[i], set.values[i]);
  }
  return compose_rule(words);
}

bool check_settings(void *set, pool_t pool, const char **error_r) noexcept {
  return guarded("checking the settings", false, [&] {
    auto settings = parse_settings(named(*static_cast<const SettingsValues *>(set)));
    return settings.errors.empty() || refuse(pool, settings.errors.front(), error_r);
  });
}

bool check_rule(void *set, pool_t pool, const char **error_r) noexcept {
  return guarded("checking a rule", false, [&] {
    const auto &values = *static_cast<const RuleValues *>(set);
    std::string error;
    // Without a name it is Dovecot's set of defaults and no rule.
    if (*values.name == '\0' ||
        parse_rule(std::string("smime_rule ") + values.name, text_of(values), error))
      return true;
    return refuse(pool, error, error_r);
  });
}

// --- the tables, built once

struct SettingsTable {
  std::array<setting_define, known_setting_count + 2> defines{};
  SettingsValues defaults{};

  SettingsTable() {
    for (std::size_t i = 0; i < known_setting_count; i++) {
      const SettingInfo &known = setting_info(i);
      defines[i] = define(known.name, known.has_words ? SET_ENUM : SET_STR,
                          offsetof(SettingsValues, values) + i * sizeof(const char *),
                          known.hidden ? SET_FLAG_HIDDEN : no_flags);
      defaults.values[i] = known.value;
    }
    setting_define &rules = defines[known_setting_count];
    rules = define("smime_rule", SET_FILTER_ARRAY, offsetof(SettingsValues, rules));
    rules.filter_array_field_name = "smime_rule_name";
    rules.required_setting = "smime_rule_action";
  }
};

struct RuleTable {
  std::array<std::string, rule_key_count> names;
  std::array<std::string, rule_key_count> values;
  // With the rule's name, and the end.
  std::array<setting_define, rule_key_count + 2> defines{};
  RuleValues defaults{};

  RuleTable() {
    auto keys = rule_keys();
    for (std::size_t i = 0; i < names.size(); i++) {
      names[i] = "smime_rule_" + std::string(keys[i]);
      // No value is one of them: the condition is not set.
      for (const std::string &value : rule_values(keys[i]))
        values[i] += ":" + value;
      defines[i] = define(names[i].c_str(), values[i].empty() ? SET_STR : SET_ENUM,
                          offsetof(RuleValues, values) + i * sizeof(const char *));
      defaults.values[i] = values[i].c_str();
    }
    defines[names.size()] = define("smime_rule_name", SET_STR, offsetof(RuleValues, name));
    defaults.name = "";
  }
};

const SettingsTable settings_table;
const RuleTable rule_table;

template <typename Values, typename Table>
setting_parser_info make_info(const char *name, const Table &table,
                              bool (*check)(void *, pool_t, const char **)) {
  setting_parser_info info{};
  info.name = name;
  info.defines = table.defines.data();
  info.defaults = &table.defaults;
  info.struct_size = sizeof(Values);
  info.pool_offset1 = 1 + offsetof(Values, pool);
  info.check_func = check;
  return info;
}

} // namespace

std::optional<NamedValues> read_settings(event *e, std::string &error) {
  DataStackFrame frame;
  const char *reason = nullptr;
  auto set = get_settings<SettingsValues>(e, smime_setting_parser_info, &reason);
  if (set == nullptr) {
    error = reason;
    return std::nullopt;
  }
  NamedValues values = named(*set);
  if (!array_is_created(&set->rules))
    return values;
  unsigned count;
  const char *const *names = array_get(&set->rules, &count);
  for (unsigned i = 0; i < count; i++) {
    auto rule =
        get_block<RuleValues>(e, "smime_rule", names[i], smime_rule_setting_parser_info, &reason);
    if (rule == nullptr) {
      error = std::string("smime_rule ") + names[i] + ": " + reason;
      return std::nullopt;
    }
    values.emplace_back(std::string("smime_rule ") + rule->name, text_of(*rule));
  }
  return values;
}

} // namespace smime

const struct setting_parser_info smime_setting_parser_info =
    smime::make_info<smime::SettingsValues>("smime", smime::settings_table, smime::check_settings);
const struct setting_parser_info smime_rule_setting_parser_info =
    smime::make_info<smime::RuleValues>("smime_rule", smime::rule_table, smime::check_rule);
