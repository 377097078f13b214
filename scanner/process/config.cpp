// The settings of smime-scanner.conf. One that is a number, a size or a time is a row of
// "settings" and a member of Limits (base/scan-limits.h); any other is read by apply_trust() or
// apply_text(). Either has a line in conf.d/smime-scanner.conf and in smime-scanner(1).
#include "scanner/process/config.h"

#include "common/ascii.h"
#include "scanner/engines/connector.h"

#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <fstream>
#include <sstream>
#include <utility>

namespace smime {
namespace {

enum class Unit : unsigned char { count, bytes, seconds };

struct Setting {
  std::string_view key;
  std::uint64_t Limits::*member;
  Unit unit;
  std::uint64_t minimum;
  std::uint64_t maximum;
};

constexpr std::array<Setting, 9> settings{{
    {"max_message_size", &Limits::max_message_size, Unit::bytes, 1024, 1ULL << 50},
    {"max_depth", &Limits::max_depth, Unit::count, 1, 1000},
    {"max_parts", &Limits::max_parts, Unit::count, 1, 1000000},
    {"max_layers", &Limits::max_layers, Unit::count, 1, 100},
    {"max_expanded_size", &Limits::max_expanded_size, Unit::bytes, 1024, 1ULL << 50},
    {"max_document_size", &Limits::max_document_size, Unit::bytes, 65536, 1ULL << 32},
    {"max_opened_size", &Limits::max_opened_size, Unit::bytes, 65536, 1ULL << 32},
    {"timeout", &Limits::timeout, Unit::seconds, 1, 3600},
    {"max_user_connections", &Limits::max_user_connections, Unit::count, 1, 1024},
}};

std::string_view trim(std::string_view text) {
  const auto *blanks = " \t\r";
  auto first = text.find_first_not_of(blanks);
  if (first == std::string_view::npos)
    return {};
  return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

// The factor of a suffix: k, M, G (of 1024) for bytes; s, m, h, d for seconds.
std::optional<std::uint64_t> factor_of(std::string_view suffix, Unit unit) {
  if (suffix.empty())
    return 1;
  if (unit == Unit::bytes) {
    if (suffix == "k" || suffix == "K")
      return 1024;
    if (suffix == "M")
      return 1024ULL * 1024;
    if (suffix == "G")
      return 1024ULL * 1024 * 1024;
  }
  if (unit == Unit::seconds) {
    if (suffix == "s")
      return 1;
    if (suffix == "m")
      return 60;
    if (suffix == "h")
      return 3600;
    if (suffix == "d")
      return 86400;
  }
  return std::nullopt;
}

std::optional<std::uint64_t> parse_value(std::string_view text, const Setting &setting) {
  std::uint64_t number = 0;
  const char *end = text.data() + text.size();
  auto [rest, failure] = std::from_chars(text.data(), end, number);
  if (failure != std::errc())
    return std::nullopt;
  auto factor =
      factor_of(std::string_view(rest, static_cast<std::size_t>(end - rest)), setting.unit);
  if (!factor || number > setting.maximum / *factor)
    return std::nullopt;
  number *= *factor;
  if (number < setting.minimum)
    return std::nullopt;
  return number;
}

const Setting *find_setting(std::string_view key) {
  for (const Setting &setting : settings) {
    if (setting.key == key)
      return &setting;
  }
  return nullptr;
}

template <typename Value, std::size_t N>
std::string apply_word(std::string_view key, std::string_view word,
                       const std::array<std::pair<std::string_view, Value>, N> &words,
                       Value &value) {
  std::string known;
  for (const auto &[name, meaning] : words) {
    if (name == word) {
      value = meaning;
      return {};
    }
    known += (known.empty() ? "" : ", ") + std::string(name);
  }
  return "\"" + std::string(word) + "\" is no value for " + std::string(key) + " (" + known + ")";
}

constexpr std::array<std::pair<std::string_view, CrlPolicy>, 3> crl_policies{
    {{"require", CrlPolicy::require}, {"soft", CrlPolicy::soft}, {"off", CrlPolicy::off}}};
constexpr std::array<std::pair<std::string_view, MinStrength>, 2> strengths{
    {{"weak", MinStrength::weak}, {"strong", MinStrength::strong}}};
constexpr std::array<std::pair<std::string_view, bool>, 2> booleans{{{"no", false}, {"yes", true}}};

std::vector<std::string> words_of(std::string_view text) {
  std::istringstream input{std::string(text)};
  std::vector<std::string> words;
  for (std::string word; input >> word;)
    words.push_back(word);
  return words;
}

// "example.org 01ab..." or "example.org CN=Mail Gateway,O=Example".
std::string apply_seal(std::string_view value, TrustConfig &trust) {
  auto blank = value.find(' ');
  Seal seal;
  seal.domain = value.substr(0, blank);
  if (blank != std::string_view::npos)
    seal.certificate = trim(value.substr(blank));
  std::string digits = lower(seal.certificate);
  std::erase(digits, ':');
  if (digits.size() == 64 && digits.find_first_not_of("0123456789abcdef") == std::string::npos)
    seal.certificate = digits;
  else if (seal.certificate.find('=') == std::string::npos)
    return "\"" + std::string(value) +
           "\" is no value for seal (a domain, and the SHA-256 or the subject of a certificate)";
  seal.domain = lower(seal.domain);
  trust.seals.push_back(std::move(seal));
  return "";
}

// As apply_text(), for the settings of signature verification.
std::optional<std::string> apply_trust(std::string_view key, std::string_view value,
                                       TrustConfig &trust) {
  if (key == "crl_policy")
    return apply_word(key, value, crl_policies, trust.crl_policy);
  if (key == "min_strength")
    return apply_word(key, value, strengths, trust.min_strength);
  if (key == "report_certificates")
    return apply_word(key, value, booleans, trust.report_certificates);
  if (key == "seal" ||
      (key.starts_with("seal") && key.find_first_not_of("0123456789", 4) == std::string_view::npos))
    return apply_seal(value, trust);
  if (key == "signing_delay") {
    auto seconds = parse_value(value, {key, nullptr, Unit::seconds, 0, 100ULL * 366 * 86400});
    if (!seconds)
      return "\"" + std::string(value) + "\" is no value for signing_delay (7d, 12h)";
    trust.signing_delay = static_cast<std::int64_t>(*seconds);
    return "";
  }
  if (key == "named_for_others") {
    trust.named_for_others = words_of(value);
    for (const std::string &word : trust.named_for_others) {
      if (word.find('@') == std::string::npos)
        return "\"" + word + "\" is no address or pattern for named_for_others (*@example.org)";
    }
    return "";
  }
  if (key != "trust_dir")
    return std::nullopt;
  if (!value.starts_with('/'))
    return "\"" + std::string(value) + "\" is no absolute path for trust_dir";
  trust.directory = value;
  return "";
}

// Settings that are no number. Returns nullopt for a key that is none of them,
// else what is wrong with the value, or an empty string.
std::optional<std::string> apply_text(std::string_view key, std::string_view value,
                                      ScannerConfig &config) {
  if (auto problem = apply_trust(key, value, config.trust))
    return problem;
  if (key == "escrow_key" || key == "escrow_certificate") {
    if (!value.starts_with('/'))
      return "\"" + std::string(value) + "\" is no absolute path for " + std::string(key);
    (key == "escrow_key" ? config.escrow_key : config.escrow_certificate) = value;
    return "";
  }
  if (key == "trusted_users") {
    config.trusted_users = words_of(value);
    return "";
  }
  if (key != "clamd")
    return std::nullopt;
  config.clamd.clear();
  for (const std::string &word : words_of(value)) {
    if (!is_engine_address(word))
      return "\"" + word + "\" is no address for clamd (/path/of/socket or host:port)";
    config.clamd.push_back(word);
  }
  if (config.clamd.empty() || config.clamd.size() > max_engine_addresses)
    return "clamd wants one to " + std::to_string(max_engine_addresses) + " addresses";
  return "";
}

// Returns what is wrong with the line, or an empty string.
std::string apply_line(std::string_view line, ScannerConfig &config) {
  auto equals = line.find('=');
  if (equals == std::string_view::npos)
    return "expected \"key = value\", found \"" + std::string(line) + "\"";
  std::string_view key = trim(line.substr(0, equals));
  std::string_view value = trim(line.substr(equals + 1));
  if (auto problem = apply_text(key, value, config))
    return *problem;
  const Setting *setting = find_setting(key);
  if (setting == nullptr)
    return "unknown setting \"" + std::string(key) + "\"";
  auto number = parse_value(value, *setting);
  if (!number)
    return "\"" + std::string(value) + "\" is no value for " + std::string(key) + " (" +
           std::to_string(setting->minimum) + " to " + std::to_string(setting->maximum) + ")";
  config.limits.*(setting->member) = *number;
  return {};
}

} // namespace

std::optional<ScannerConfig> parse_scanner_config(std::string_view text, const std::string &file,
                                                  std::string &error) {
  ScannerConfig config;
  unsigned number = 0;
  while (!text.empty()) {
    auto newline = text.find('\n');
    std::string_view line = text.substr(0, newline);
    text = newline == std::string_view::npos ? std::string_view() : text.substr(newline + 1);
    number++;
    line = trim(line.substr(0, line.find('#')));
    if (line.empty())
      continue;
    std::string problem = apply_line(line, config);
    if (!problem.empty()) {
      error = file + ":" + std::to_string(number) + ": " + problem;
      return std::nullopt;
    }
  }
  if (config.escrow_key.empty() != config.escrow_certificate.empty()) {
    error = file + ": escrow_key and escrow_certificate are set together or not at all";
    return std::nullopt;
  }
  return config;
}

std::optional<ScannerConfig> read_scanner_config(const std::string &file, bool required,
                                                 std::string &error) {
  std::ifstream input(file);
  if (!input) {
    if (!required && errno == ENOENT)
      return ScannerConfig{};
    error = file + ": " + std::strerror(errno);
    return std::nullopt;
  }
  std::ostringstream text;
  text << input.rdbuf();
  return parse_scanner_config(text.str(), file, error);
}

} // namespace smime
