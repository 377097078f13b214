#include "plugin/rules/words.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace smime {
namespace {

constexpr std::string_view white_space = " \t\r\n";

bool is_space(char c) { return white_space.find(c) != std::string_view::npos; }

} // namespace

void skip_space(std::string_view &text) {
  text.remove_prefix(std::min(text.find_first_not_of(white_space), text.size()));
}

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

std::string compose_words(const std::vector<std::pair<std::string_view, std::string_view>> &words) {
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

bool is_one_line(std::string_view value) {
  return value.size() <= max_line && std::all_of(value.begin(), value.end(), [](char c) {
           return static_cast<unsigned char>(c) >= 0x20 && c != 0x7f;
         });
}

std::optional<std::int64_t> parse_days(std::string_view text) {
  constexpr std::array<std::pair<std::int64_t, char>, 4> units{
      {{3600, 'h'}, {86400, 'd'}, {604800, 'w'}, {365L * 86400, 'y'}}};
  constexpr std::int64_t most = 10LL * 366 * 86400;
  std::int64_t number = 0;
  const char *end = text.data() + text.size();
  auto [rest, failure] = std::from_chars(text.data(), end, number);
  if (failure != std::errc() || rest + 1 != end || number < 1 || number > most)
    return std::nullopt;
  for (const auto &[seconds, unit] : units) {
    if (*rest == unit && number <= most / seconds)
      return number * seconds;
  }
  return std::nullopt;
}

} // namespace smime
