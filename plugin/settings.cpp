#include "settings.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <map>
#include <optional>
#include <string_view>

namespace smime {
namespace {

constexpr std::string_view rule_prefix = "smime_rule";
constexpr std::string_view named_rule_prefix = "smime_rule ";

// Each setter returns what is wrong, or an empty string.
using Setter = std::string (*)(Settings &settings, const std::string &value);

template <typename Enum, std::size_t N>
std::string set_enum(Enum &target, const std::string &value,
                     const std::array<std::pair<std::string_view, Enum>, N> &table) {
  std::string known;
  for (const auto &[name, candidate] : table) {
    if (name == value) {
      target = candidate;
      return {};
    }
    known += (known.empty() ? "" : ", ") + std::string(name);
  }
  return "\"" + value + "\" is none of: " + known;
}

std::optional<unsigned> parse_seconds(std::string_view text) {
  unsigned number = 0;
  const char *end = text.data() + text.size();
  auto [rest, failure] = std::from_chars(text.data(), end, number);
  if (failure != std::errc())
    return std::nullopt;
  std::string_view unit(rest, static_cast<std::size_t>(end - rest));
  while (unit.starts_with(' '))
    unit.remove_prefix(1);
  unsigned factor = 0;
  if (unit.empty() || unit == "s" || unit == "sec" || unit == "secs")
    factor = 1;
  else if (unit == "m" || unit == "min" || unit == "mins")
    factor = 60;
  if (factor == 0 || number == 0 || number > 3600 / factor)
    return std::nullopt;
  return number * factor;
}

std::string set_stores(Settings &settings, const std::string &value) {
  std::string error;
  auto patterns = MailboxPatterns::parse(value, error);
  if (!patterns)
    return error;
  settings.stores = *patterns;
  settings.stores_text = value;
  return {};
}

std::string set_reviewers(Settings &settings, const std::string &value) {
  std::string_view rest = value;
  for (;;) {
    auto start = rest.find_first_not_of(" ,\t");
    if (start == std::string_view::npos)
      return {};
    rest.remove_prefix(start);
    auto end = std::min(rest.find_first_of(" ,\t"), rest.size());
    settings.reviewers.emplace_back(rest.substr(0, end));
    rest.remove_prefix(end);
  }
}

// RFC 8601 section 2.5: a token or a quoted string; a host name is asked for.
bool is_authserv_id(std::string_view value) {
  return !value.empty() && value.size() <= 255 &&
         value.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                 "0123456789.-_") == std::string_view::npos;
}

std::string set_yes_or_no(bool &target, const std::string &value) {
  return set_enum(target, value,
                  std::array<std::pair<std::string_view, bool>, 2>{{{"yes", true}, {"no", false}}});
}

constexpr std::array<std::pair<std::string_view, Setter>, 16> setters{{
    {"smime_stores", set_stores},
    {"smime_preserve",
     [](Settings &settings, const std::string &value) {
       return set_enum(settings.preserve, value,
                       std::array<std::pair<std::string_view, Preserve>, 3>{
                           {{"content", Preserve::content},
                            {"message", Preserve::message},
                            {"no", Preserve::no}}});
     }},
    {"smime_quarantine_mailbox",
     [](Settings &settings, const std::string &value) {
       settings.quarantine_mailbox = value;
       return value.empty() || value.find_first_of("*%") != std::string::npos
                  ? "\"" + value + "\" is no mailbox name"
                  : std::string();
     }},
    {"smime_quarantine_access",
     [](Settings &settings, const std::string &value) {
       return set_enum(settings.quarantine_access, value,
                       std::array<std::pair<std::string_view, QuarantineAccess>, 3>{
                           {{"reviewers", QuarantineAccess::reviewers},
                            {"owner-read", QuarantineAccess::owner_read},
                            {"owner", QuarantineAccess::owner}}});
     }},
    {"smime_reviewers", set_reviewers},
    {"smime_scanner_socket",
     [](Settings &settings, const std::string &value) {
       settings.scanner_socket = value;
       return value.empty() ? std::string("a path is needed") : std::string();
     }},
    {"smime_scanner_timeout",
     [](Settings &settings, const std::string &value) {
       auto seconds = parse_seconds(value);
       settings.scanner_timeout_seconds = seconds.value_or(30);
       return seconds ? std::string()
                      : "\"" + value + "\" is no time between 1s and 60m, such as 30s";
     }},
    {"smime_harvest_certificates",
     [](Settings &settings, const std::string &value) {
       return set_yes_or_no(settings.harvest_certificates, value);
     }},
    {"smime_authentication_results",
     [](Settings &settings, const std::string &value) {
       bool none = value.empty() || value == "no";
       settings.authentication_results = none ? "" : value;
       return none || (value != "yes" && is_authserv_id(value))
                  ? std::string()
                  : "\"" + value + "\" is no host name, such as mail.example.org";
     }},
    {"smime_directory_uri",
     [](Settings &settings, const std::string &value) {
       settings.directory.uri = value;
       bool known = value.empty() || value.starts_with("ldap://") ||
                    value.starts_with("ldaps://") || value.starts_with("ldapi://");
       return known ? std::string()
                    : "\"" + value + "\" does not begin with ldap://, ldaps:// or ldapi://";
     }},
    {"smime_directory_base",
     [](Settings &settings, const std::string &value) {
       settings.directory.base = value;
       return std::string();
     }},
    {"smime_directory_filter",
     [](Settings &settings, const std::string &value) {
       settings.directory.filter = value;
       return value.find("{address}") == std::string::npos
                  ? "\"" + value + "\" has no {address} in it"
                  : std::string();
     }},
    {"smime_directory_bind_dn",
     [](Settings &settings, const std::string &value) {
       settings.directory.bind_dn = value;
       return std::string();
     }},
    {"smime_directory_bind_password_file",
     [](Settings &settings, const std::string &value) {
       settings.directory.bind_password_file = value;
       return value.starts_with('/') || value.empty()
                  ? std::string()
                  : "\"" + value + "\" is no absolute path";
     }},
    {"smime_release",
     [](Settings &settings, const std::string &value) {
       settings.release_id = value;
       return std::string();
     }},
    {"smime_scanner_failure",
     [](Settings &settings, const std::string &value) {
       return set_enum(settings.scanner_failure, value,
                       std::array<std::pair<std::string_view, ScannerFailure>, 3>{
                           {{"tempfail", ScannerFailure::tempfail},
                            {"quarantine", ScannerFailure::quarantine},
                            {"deliver", ScannerFailure::deliver}}});
     }},
}};

// The number of smime_rule (1), smime_rule2, ...; nullopt for other names.
std::optional<unsigned> rule_number(std::string_view name) {
  if (!name.starts_with(rule_prefix))
    return std::nullopt;
  std::string_view digits = name.substr(rule_prefix.size());
  if (digits.empty())
    return 1;
  unsigned number = 0;
  auto [rest, failure] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (failure != std::errc() || rest != digits.data() + digits.size() || number < 2 ||
      digits[0] == '0')
    return std::nullopt;
  return number;
}

void apply(Settings &settings, const std::string &name, const std::string &value) {
  for (const auto &[known, setter] : setters) {
    if (known != name)
      continue;
    std::string problem = setter(settings, value);
    if (!problem.empty())
      settings.errors.push_back(name + ": " + problem);
    return;
  }
  settings.errors.push_back(name + ": unknown setting (see dovecot-smime(7))");
}

void add_rule(Settings &settings, const std::string &name, const std::string &value) {
  std::string error;
  if (auto rule = parse_rule(name, value, error))
    settings.rules.push_back(std::move(*rule));
  else
    settings.errors.push_back(error);
}

} // namespace

Settings parse_settings(const NamedValues &values) {
  Settings settings;
  std::string error;
  settings.stores = MailboxPatterns::parse(settings.stores_text, error).value();
  std::map<unsigned, std::pair<std::string, std::string>> rules;
  for (const auto &[name, value] : values) {
    if (!name.starts_with("smime_"))
      continue;
    if (name.starts_with(named_rule_prefix))
      add_rule(settings, name, value);
    else if (auto number = rule_number(name))
      rules[*number] = {name, value};
    else
      apply(settings, name, value);
  }
  for (const auto &[number, setting] : rules)
    add_rule(settings, setting.first, setting.second);
  return settings;
}

} // namespace smime
