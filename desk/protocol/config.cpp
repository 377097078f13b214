#include "desk/protocol/config.h"

#include <algorithm>
#include <arpa/inet.h>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <fstream>
#include <sstream>
#include <utility>

namespace smime::desk {
namespace {

constexpr unsigned mapped_bits = 96;

constexpr std::array<std::pair<std::string_view, bool>, 2> booleans{{{"no", false}, {"yes", true}}};
constexpr std::array<std::pair<std::string_view, Language>, 3> languages{
    {{"auto", Language::automatic}, {"en", Language::en}, {"de", Language::de}}};
constexpr std::array<std::pair<std::string_view, ReviewerLogins>, 2> reviewer_words{
    {{"master", ReviewerLogins::master}, {"any", ReviewerLogins::any}}};

using Address = std::array<unsigned char, 16>;

// The number of leading bits that are no part of what was written: those of IPv4's mapping.
std::optional<unsigned> read_address(const std::string &text, Address &bytes) {
  if (inet_pton(AF_INET6, text.c_str(), bytes.data()) == 1)
    return 0;
  bytes = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};
  if (inet_pton(AF_INET, text.c_str(), bytes.data() + 12) == 1)
    return mapped_bits;
  return std::nullopt;
}

std::optional<std::uint64_t> read_number(std::string_view text, std::string_view &rest) {
  std::uint64_t number = 0;
  const char *end = text.data() + text.size();
  auto [stop, failure] = std::from_chars(text.data(), end, number);
  if (failure != std::errc())
    return std::nullopt;
  rest = {stop, static_cast<std::size_t>(end - stop)};
  return number;
}

std::string_view trim(std::string_view text) {
  const auto *blanks = " \t\r";
  auto first = text.find_first_not_of(blanks);
  if (first == std::string_view::npos)
    return {};
  return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

std::string no_value(std::string_view key, std::string_view value, const std::string &known) {
  return "\"" + std::string(value) + "\" is no value for " + std::string(key) + " (" + known + ")";
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
  return no_value(key, word, known);
}

std::string apply_time(std::string_view key, std::string_view value, std::uint64_t &seconds) {
  constexpr std::array<std::pair<std::string_view, std::uint64_t>, 5> units{
      {{"", 1}, {"s", 1}, {"m", 60}, {"h", 3600}, {"d", 86400}}};
  constexpr std::uint64_t least = 1;
  constexpr std::uint64_t most = 7UL * 86400;
  std::string_view rest;
  auto number = read_number(value, rest);
  const auto *unit = std::find_if(units.begin(), units.end(),
                                  [&rest](const auto &known) { return known.first == rest; });
  if (!number || unit == units.end() || *number > most || *number * unit->second > most ||
      *number * unit->second < least)
    return no_value(key, value, "1s to 7d");
  seconds = *number * unit->second;
  return {};
}

std::string apply_path(std::string_view key, std::string_view value, std::string &path) {
  if (!value.starts_with('/'))
    return "\"" + std::string(value) + "\" is no absolute path for " + std::string(key);
  path = value;
  return {};
}

std::string apply_name(std::string_view key, std::string_view value, std::string &name) {
  constexpr std::size_t longest = 255;
  if (value.empty() || value.size() > longest || value.find_first_of(" \t*?") != value.npos)
    return no_value(key, value, "a user's name");
  name = value;
  return {};
}

std::string apply_networks(std::string_view value, std::vector<Network> &networks) {
  networks.clear();
  std::istringstream input{std::string(value)};
  for (std::string word; input >> word;) {
    auto network = Network::parse(word);
    if (!network)
      return no_value("trusted_networks", word, "192.0.2.1, 192.0.2.0/24, 2001:db8::/32");
    networks.push_back(*network);
  }
  return {};
}

// Returns what is wrong with the line, or an empty string.
std::string apply(std::string_view key, std::string_view value, DeskConfig &config) {
  if (key == "idle_time")
    return apply_time(key, value, config.idle_time);
  if (key == "absolute_time")
    return apply_time(key, value, config.absolute_time);
  if (key == "language")
    return apply_word(key, value, languages, config.language);
  if (key == "trusted_networks")
    return apply_networks(value, config.trusted_networks);
  if (key == "html_view")
    return apply_word(key, value, booleans, config.html_view);
  if (key == "reviewer_logins")
    return apply_word(key, value, reviewer_words, config.reviewer_logins);
  if (key == "master_login")
    return apply_name(key, value, config.master_login);
  if (key == "texts")
    return apply_path(key, value, config.texts);
  if (key == "token_file")
    return apply_path(key, value, config.token_file);
  if (key == "insecure")
    return apply_word(key, value, booleans, config.insecure);
  return "unknown setting \"" + std::string(key) + "\"";
}

std::string apply_line(std::string_view line, DeskConfig &config) {
  auto equals = line.find('=');
  if (equals == std::string_view::npos)
    return "expected \"key = value\", found \"" + std::string(line) + "\"";
  return apply(trim(line.substr(0, equals)), trim(line.substr(equals + 1)), config);
}

} // namespace

std::optional<Network> Network::parse(std::string_view text) {
  auto slash = text.find('/');
  Network network;
  auto hidden = read_address(std::string(text.substr(0, slash)), network.bytes_);
  if (!hidden)
    return std::nullopt;
  if (slash == std::string_view::npos)
    return network;
  std::string_view rest;
  auto bits = read_number(text.substr(slash + 1), rest);
  if (!bits || !rest.empty() || *bits > 128 - *hidden)
    return std::nullopt;
  network.bits_ = static_cast<unsigned>(*bits) + *hidden;
  return network;
}

bool Network::contains(std::string_view address) const {
  Address other;
  if (!read_address(std::string(address), other))
    return false;
  for (unsigned bit = 0; bit < bits_; bit++) {
    unsigned mask = 0x80U >> bit % 8;
    if ((bytes_.at(bit / 8) & mask) != (other.at(bit / 8) & mask))
      return false;
  }
  return true;
}

bool DeskConfig::trusts(std::string_view address) const {
  return std::any_of(trusted_networks.begin(), trusted_networks.end(),
                     [address](const Network &network) { return network.contains(address); });
}

std::optional<DeskConfig> parse_desk_config(std::string_view text, const std::string &file,
                                            std::string &error) {
  DeskConfig config;
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
  if (config.idle_time > config.absolute_time) {
    error = file + ": idle_time is longer than absolute_time";
    return std::nullopt;
  }
  return config;
}

std::optional<DeskConfig> read_desk_config(const std::string &file, bool required,
                                           std::string &error) {
  std::ifstream input(file);
  if (!input) {
    if (!required && errno == ENOENT)
      return DeskConfig{};
    error = file + ": " + std::strerror(errno);
    return std::nullopt;
  }
  std::ostringstream text;
  text << input.rdbuf();
  return parse_desk_config(text.str(), file, error);
}

} // namespace smime::desk
