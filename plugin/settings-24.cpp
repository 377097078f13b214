#include "settings-24.h"

#include <array>
#include <cstddef>

namespace smime {
namespace {

// --- what Dovecot fills in

struct SettingsValues {
  pool_t pool;
  ARRAY_TYPE(const_string) rules;
  std::array<const char *, 16> values;
};

struct RuleValues {
  pool_t pool;
  const char *name;
  // In the order of rule_keys().
  std::array<const char *, 11> values;
};

// Every setting but the rules, and its default. Those with fixed values have
// them behind it, the default first.
struct Known {
  const char *name;
  setting_type type;
  setting_flags flags;
  const char *value;
};

constexpr auto no_flags = static_cast<setting_flags>(0);

constexpr std::array<Known, 16> known_settings{{
    {"smime_stores", SET_STR, no_flags, "*"},
    {"smime_preserve", SET_ENUM, no_flags, "content:message:no"},
    {"smime_quarantine_mailbox", SET_STR, no_flags, "Quarantine"},
    {"smime_quarantine_access", SET_ENUM, no_flags, "reviewers:owner-read:owner"},
    {"smime_reviewers", SET_STR, no_flags, ""},
    {"smime_scanner_socket", SET_STR, no_flags, "smime-scanner"},
    // Text, for the bounds that parse_settings() has.
    {"smime_scanner_timeout", SET_STR, no_flags, "30s"},
    {"smime_scanner_failure", SET_ENUM, no_flags, "tempfail:quarantine:deliver"},
    {"smime_harvest_certificates", SET_ENUM, no_flags, "no:yes"},
    {"smime_authentication_results", SET_STR, no_flags, ""},
    {"smime_directory_uri", SET_STR, no_flags, ""},
    {"smime_directory_base", SET_STR, no_flags, ""},
    {"smime_directory_filter", SET_STR, no_flags, "(mail={address})"},
    {"smime_directory_bind_dn", SET_STR, no_flags, ""},
    {"smime_directory_bind_password_file", SET_STR, no_flags, ""},
    {"smime_release", SET_STR, SET_FLAG_HIDDEN, ""},
}};

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
  for (std::size_t i = 0; i < known_settings.size(); i++) {
    if (is_known(set.values[i]))
      values.emplace_back(known_settings[i].name, set.values[i]);
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
    if (*values.name == '\0' || parse_rule(std::string("smime_rule ") + values.name, text_of(values), error))
      return true;
    return refuse(pool, error, error_r);
  });
}

// --- the tables, built once

struct SettingsTable {
  std::array<setting_define, known_settings.size() + 2> defines{};
  SettingsValues defaults{};

  SettingsTable() {
    for (std::size_t i = 0; i < known_settings.size(); i++) {
      const Known &known = known_settings[i];
      defines[i] = define(known.name, known.type,
                          offsetof(SettingsValues, values) + i * sizeof(const char *), known.flags);
      defaults.values[i] = known.value;
    }
    setting_define &rules = defines[known_settings.size()];
    rules = define("smime_rule", SET_FILTER_ARRAY, offsetof(SettingsValues, rules));
    rules.filter_array_field_name = "smime_rule_name";
    rules.required_setting = "smime_rule_action";
  }
};

struct RuleTable {
  std::array<std::string, 11> names;
  std::array<std::string, 11> values;
  std::array<setting_define, 13> defines{};
  RuleValues defaults{};

  RuleTable() {
    auto keys = rule_keys();
    i_assert(keys.size() == names.size());
    for (std::size_t i = 0; i < names.size(); i++) {
      names[i] = "smime_rule_" + std::string(keys[i]);
      // No value is one of them: the condition is not set.
      for (std::string_view value : rule_values(keys[i]))
        values[i] += ":" + std::string(value);
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
