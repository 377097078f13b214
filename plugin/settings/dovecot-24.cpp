#include "plugin/settings/dovecot-24.h"

#include "plugin/rules/words.h"

#include <array>
#include <cstddef>

namespace smime {
namespace {

// --- what Dovecot fills in

struct SettingsValues {
  pool_t pool;
  ARRAY_TYPE(const_string) rules;
  ARRAY_TYPE(const_string) roles;
  std::array<const char *, known_setting_count> values;
};

// A named block, "smime_rule NAME { }" or "smime_role NAME { }".
template <std::size_t key_count> struct BlockValues {
  pool_t pool;
  const char *name;
  // In the order of rule_keys() or role_keys().
  std::array<const char *, key_count> values;
};
using RuleValues = BlockValues<rule_key_count>;
using RoleValues = BlockValues<role_key_count>;

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

template <std::size_t key_count>
std::string text_of(const BlockValues<key_count> &set, const std::vector<std::string_view> &keys) {
  std::vector<std::pair<std::string_view, std::string_view>> words;
  for (std::size_t i = 0; i < keys.size(); i++) {
    if (is_known(set.values[i]))
      words.emplace_back(keys[i], set.values[i]);
  }
  return compose_words(words);
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
        parse_rule(std::string("smime_rule ") + values.name, text_of(values, rule_keys()), error))
      return true;
    return refuse(pool, error, error_r);
  });
}

bool check_role(void *set, pool_t pool, const char **error_r) noexcept {
  return guarded("checking a role", false, [&] {
    const auto &values = *static_cast<const RoleValues *>(set);
    std::string error;
    if (*values.name == '\0')
      return true;
    (void)parse_role(std::string("smime_role ") + values.name, text_of(values, role_keys()), error);
    return error.empty() || refuse(pool, error, error_r);
  });
}

// --- the tables, built once

struct SettingsTable {
  std::array<setting_define, known_setting_count + 3> defines{};
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
    setting_define &roles = defines[known_setting_count + 1];
    roles = define("smime_role", SET_FILTER_ARRAY, offsetof(SettingsValues, roles));
    roles.filter_array_field_name = "smime_role_name";
    roles.required_setting = "smime_role_reviewer";
  }
};

template <std::size_t key_count> struct BlockTable {
  std::array<std::string, key_count> names;
  std::array<std::string, key_count> values;
  std::string name_key;
  // With the block's name, and the end.
  std::array<setting_define, key_count + 2> defines{};
  BlockValues<key_count> defaults{};

  // words: those that a key can have; none: it takes a text.
  BlockTable(const std::string &block, const std::vector<std::string_view> &keys,
             std::vector<std::string> (*words)(std::string_view key))
      : name_key(block + "_name") {
    for (std::size_t i = 0; i < names.size(); i++) {
      names[i] = block + "_" + std::string(keys[i]);
      // No value is one of them: the condition is not set.
      for (const std::string &value : words(keys[i]))
        values[i] += ":" + value;
      defines[i] = define(names[i].c_str(), values[i].empty() ? SET_STR : SET_ENUM,
                          offsetof(BlockValues<key_count>, values) + i * sizeof(const char *));
      defaults.values[i] = values[i].c_str();
    }
    defines[names.size()] =
        define(name_key.c_str(), SET_STR, offsetof(BlockValues<key_count>, name));
    defaults.name = "";
  }
};

const SettingsTable settings_table;
const BlockTable<rule_key_count> rule_table("smime_rule", rule_keys(), rule_values);
const BlockTable<role_key_count> role_table("smime_role", role_keys(), [](std::string_view) {
  return std::vector<std::string>();
});

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

// Adds the texts of all blocks of one kind. False with error set.
template <typename Values>
bool add_blocks(event *e, const char *kind, const ARRAY_TYPE(const_string) & blocks,
                const setting_parser_info &info, const std::vector<std::string_view> &keys,
                NamedValues &values, std::string &error) {
  if (!array_is_created(&blocks))
    return true;
  unsigned count;
  const char *const *names = array_get(&blocks, &count);
  for (unsigned i = 0; i < count; i++) {
    const char *reason = nullptr;
    auto block = get_block<Values>(e, kind, names[i], info, &reason);
    if (block == nullptr) {
      error = std::string(kind) + " " + names[i] + ": " + reason;
      return false;
    }
    values.emplace_back(std::string(kind) + " " + block->name, text_of(*block, keys));
  }
  return true;
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
  if (!add_blocks<RuleValues>(e, "smime_rule", set->rules, smime_rule_setting_parser_info,
                              rule_keys(), values, error) ||
      !add_blocks<RoleValues>(e, "smime_role", set->roles, smime_role_setting_parser_info,
                              role_keys(), values, error))
    return std::nullopt;
  return values;
}

} // namespace smime

const struct setting_parser_info smime_setting_parser_info =
    smime::make_info<smime::SettingsValues>("smime", smime::settings_table, smime::check_settings);
const struct setting_parser_info smime_rule_setting_parser_info =
    smime::make_info<smime::RuleValues>("smime_rule", smime::rule_table, smime::check_rule);
const struct setting_parser_info smime_role_setting_parser_info =
    smime::make_info<smime::RoleValues>("smime_role", smime::role_table, smime::check_role);
