// The settings but rules and roles: one row of the table for each, with its name, its words or its
// default, and the function that sets it. Dovecot 2.4's definitions are made from the same table
// (settings/dovecot-24.cpp). To add one: a row here, a member of Settings, known_setting_count,
// and a line in conf.d and dovecot-smime(7).
#include "plugin/rules/settings.h"

#include "plugin/rules/words.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <map>
#include <optional>
#include <string_view>
#include <type_traits>

namespace smime {
namespace {

constexpr std::string_view rule_prefix = "smime_rule";
constexpr std::string_view role_prefix = "smime_role";

// Returns what is wrong, or an empty string.
using Setter = std::string (*)(Settings &settings, const std::string &value);
// index: of the word among those that the setting has.
using WordSetter = void (*)(Settings &settings, std::size_t index);

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

std::string set_names(std::vector<std::string> &names, const std::string &value) {
  std::string_view rest = value;
  for (;;) {
    auto start = rest.find_first_not_of(" ,\t");
    if (start == std::string_view::npos)
      return {};
    rest.remove_prefix(start);
    auto end = std::min(rest.find_first_of(" ,\t"), rest.size());
    names.emplace_back(rest.substr(0, end));
    rest.remove_prefix(end);
  }
}

// RFC 8601 section 2.5: a token or a quoted string; a host name is asked for.
bool is_authserv_id(std::string_view value) {
  return !value.empty() && value.size() <= 255 &&
         value.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                 "0123456789.-_") == std::string_view::npos;
}

// A language as the directory of its texts is called: "en", "pt-BR".
bool is_language(std::string_view value) {
  return value.size() >= 2 && value.size() <= 16 &&
         value.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                 "0123456789-_") == std::string_view::npos;
}

// A URL that stands in text and in HTML as it is.
bool is_link(std::string_view value) {
  return (value.starts_with("https://") || value.starts_with("http://")) && value.size() <= 500 &&
         std::all_of(value.begin(), value.end(), [](char c) {
           return c > ' ' && c <= '~' && std::string_view("\"'<>\\`").find(c) == std::string::npos;
         });
}

struct Row {
  SettingInfo info;
  Setter set = nullptr;
  WordSetter set_word = nullptr;
};

// The enumerations have their words' order.
template <auto member> constexpr WordSetter word_setter() {
  return [](Settings &settings, std::size_t index) {
    auto &target = settings.*member;
    target = static_cast<std::remove_reference_t<decltype(target)>>(index);
  };
}

template <std::string DirectorySettings::*member> constexpr Setter directory_setter() {
  return [](Settings &settings, const std::string &value) {
    settings.directory.*member = value;
    return std::string();
  };
}

// The default is yes, which stands first.
void set_register_subject(Settings &settings, std::size_t index) {
  settings.register_subject = index == 0;
}

constexpr Row text(const char *name, const char *value, Setter set) {
  return {{name, value, false, false}, set, nullptr};
}

constexpr Row words(const char *name, const char *all, WordSetter set) {
  return {{name, all, true, false}, nullptr, set};
}

constexpr std::array<Row, known_setting_count> rows{{
    text("smime_stores", "*", set_stores),
    words("smime_preserve", "content:message:no", word_setter<&Settings::preserve>()),
    text("smime_quarantine_mailbox", "Quarantine",
         [](Settings &settings, const std::string &value) {
           // As Dovecot calls it, whichever separator the namespace has.
           settings.quarantine_mailbox = with_inbox_upper(with_inbox_upper(value, '/'), '.');
           if (settings.quarantine_mailbox == "INBOX")
             return std::string("INBOX is where mail is delivered");
           return value.empty() || value.find_first_of("*%") != std::string::npos
                      ? "\"" + value + "\" is no mailbox name"
                      : std::string();
         }),
    words("smime_quarantine_access", "reviewers:owner-read:owner",
          word_setter<&Settings::quarantine_access>()),
    text("smime_reviewers", "",
         [](Settings &settings, const std::string &value) {
           return set_names(settings.reviewers, value);
         }),
    text("smime_reviewers_all_mail", "",
         [](Settings &settings, const std::string &value) {
           return set_names(settings.reviewers_all_mail, value);
         }),
    text("smime_scanner_socket", "smime-scanner",
         [](Settings &settings, const std::string &value) {
           settings.scanner_socket = value;
           return value.empty() ? std::string("a path is needed") : std::string();
         }),
    text("smime_scanner_timeout", "30s",
         [](Settings &settings, const std::string &value) {
           auto seconds = parse_seconds(value);
           settings.scanner_timeout_seconds = seconds.value_or(settings.scanner_timeout_seconds);
           return seconds ? std::string()
                          : "\"" + value + "\" is no time between 1s and 60m, such as 30s";
         }),
    words("smime_scanner_failure", "tempfail:quarantine:deliver",
          word_setter<&Settings::scanner_failure>()),
    words("smime_unstorable", "tempfail:reject", word_setter<&Settings::unstorable>()),
    words("smime_harvest_certificates", "no:yes", word_setter<&Settings::harvest_certificates>()),
    text("smime_authentication_results", "",
         [](Settings &settings, const std::string &value) {
           bool none = value.empty() || value == "no";
           settings.authentication_results = none ? "" : value;
           return none || (value != "yes" && is_authserv_id(value))
                      ? std::string()
                      : "\"" + value + "\" is no host name, such as mail.example.org";
         }),
    text("smime_directory_uri", "",
         [](Settings &settings, const std::string &value) {
           settings.directory.uri = value;
           bool known = value.empty() || value.starts_with("ldap://") ||
                        value.starts_with("ldaps://") || value.starts_with("ldapi://");
           return known ? std::string()
                        : "\"" + value + "\" does not begin with ldap://, ldaps:// or ldapi://";
         }),
    text("smime_directory_base", "", directory_setter<&DirectorySettings::base>()),
    text("smime_directory_filter", "(mail={address})",
         [](Settings &settings, const std::string &value) {
           settings.directory.filter = value;
           return value.find("{address}") == std::string::npos
                      ? "\"" + value + "\" has no {address} in it"
                      : std::string();
         }),
    text("smime_directory_bind_dn", "", directory_setter<&DirectorySettings::bind_dn>()),
    text("smime_directory_bind_password_file", "",
         [](Settings &settings, const std::string &value) {
           settings.directory.bind_password_file = value;
           return value.starts_with('/') || value.empty() ? std::string()
                                                          : "\"" + value + "\" is no absolute path";
         }),
    text("smime_token_key", "",
         [](Settings &settings, const std::string &value) {
           settings.token_key = value;
           return value.starts_with('/') || value.empty() ? std::string()
                                                          : "\"" + value + "\" is no absolute path";
         }),
    text("smime_register", "",
         [](Settings &settings, const std::string &value) {
           settings.register_dict = value == "no" ? "" : value;
           return std::string();
         }),
    text("smime_register_spool", "/var/lib/dovecot/smime-register",
         [](Settings &settings, const std::string &value) {
           settings.register_spool = value;
           return value.starts_with('/') ? std::string() : "\"" + value + "\" is no absolute path";
         }),
    words("smime_register_subject", "yes:no", set_register_subject),
    words("smime_register_deliveries", "no:yes", word_setter<&Settings::register_deliveries>()),
    text("smime_history", "1y",
         [](Settings &settings, const std::string &value) {
           bool for_ever = value == "no";
           auto time = parse_days(value);
           settings.history = for_ever ? 0 : time.value_or(settings.history);
           return time || for_ever
                      ? std::string()
                      : "\"" + value + "\" is no time such as 90d, 52w or 1y, and not \"no\"";
         }),
    text("smime_notice_texts", "",
         [](Settings &settings, const std::string &value) {
           settings.notice_texts = value;
           return value.starts_with('/') || value.empty() ? std::string()
                                                          : "\"" + value + "\" is no absolute path";
         }),
    text("smime_notice_language", "en",
         [](Settings &settings, const std::string &value) {
           settings.notice_language = value;
           return is_language(value) ? std::string()
                                     : "\"" + value + "\" is no language, such as en or pt-BR";
         }),
    text("smime_notice_interval", "15m",
         [](Settings &settings, const std::string &value) {
           auto interval = parse_notice_interval(value);
           settings.notice_interval = interval.value_or(settings.notice_interval);
           return interval ? std::string()
                           : "\"" + value + "\" is no time such as 15m, 1h or \"daily 07:00\"";
         }),
    text("smime_notice_link", "",
         [](Settings &settings, const std::string &value) {
           settings.notice_link = value;
           return value.empty() || is_link(value)
                      ? std::string()
                      : "\"" + value + "\" is no URL such as https://desk.example.org/?t={token}";
         }),
    {{"smime_release", "", false, true},
     [](Settings &settings, const std::string &value) {
       settings.release_id = value;
       return std::string();
     }},
}};

std::string set_word(Settings &settings, const Row &row, std::string_view value) {
  std::string known;
  std::string_view rest = row.info.value;
  for (std::size_t index = 0; !rest.empty(); index++) {
    std::string_view word = rest.substr(0, rest.find(':'));
    rest.remove_prefix(std::min(word.size() + 1, rest.size()));
    if (word == value) {
      row.set_word(settings, index);
      return {};
    }
    known += (known.empty() ? "" : ", ") + std::string(word);
  }
  return "\"" + std::string(value) + "\" is none of: " + known;
}

std::string set(Settings &settings, const Row &row, const std::string &value) {
  return row.info.has_words ? set_word(settings, row, value) : row.set(settings, value);
}

std::string default_of(const SettingInfo &info) {
  std::string_view value = info.value;
  return std::string(info.has_words ? value.substr(0, value.find(':')) : value);
}

// The number of smime_rule (1), smime_rule2, ..., or smime_role; nullopt for other names.
std::optional<unsigned> number_of(std::string_view name, std::string_view prefix) {
  if (!name.starts_with(prefix))
    return std::nullopt;
  std::string_view digits = name.substr(prefix.size());
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
  for (const Row &row : rows) {
    if (name != row.info.name)
      continue;
    std::string problem = set(settings, row, value);
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

void add_role(Settings &settings, const std::string &name, const std::string &value) {
  std::string error;
  settings.roles.push_back(parse_role(name, value, error));
  if (!error.empty())
    settings.errors.push_back(error);
}

// Settings of which there may be several: smime_rule, smime_rule2, ..., or smime_rule NAME.
struct Series {
  std::string_view prefix;
  void (*add)(Settings &settings, const std::string &name, const std::string &value);
};
constexpr std::array<Series, 2> all_series{{{rule_prefix, add_rule}, {role_prefix, add_role}}};

// Those with a number, in its order.
using Numbered = std::map<unsigned, std::pair<std::string, std::string>>;

bool is_named(std::string_view name, const Series &series) {
  return name.starts_with(series.prefix) && name.substr(series.prefix.size()).starts_with(' ');
}

// False if the setting is of no series. Those with a name are added at once.
bool take_of_series(Settings &settings, std::array<Numbered, all_series.size()> &numbered,
                    const std::string &name, const std::string &value) {
  for (std::size_t i = 0; i < all_series.size(); i++) {
    const Series &series = all_series.at(i);
    auto number = number_of(name, series.prefix);
    if (number)
      numbered.at(i)[*number] = {name, value};
    else if (is_named(name, series))
      series.add(settings, name, value);
    else
      continue;
    return true;
  }
  return false;
}

} // namespace

const SettingInfo &setting_info(std::size_t number) { return rows[number].info; }

Settings parse_settings(const NamedValues &values) {
  Settings settings;
  for (const Row &row : rows)
    (void)set(settings, row, default_of(row.info));
  std::array<Numbered, all_series.size()> numbered;
  for (const auto &[name, value] : values) {
    if (name.starts_with("smime_") && !take_of_series(settings, numbered, name, value))
      apply(settings, name, value);
  }
  for (std::size_t i = 0; i < all_series.size(); i++) {
    for (const auto &[number, setting] : numbered.at(i))
      all_series.at(i).add(settings, setting.first, setting.second);
  }
  return settings;
}

} // namespace smime
