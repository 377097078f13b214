#include "desk/web/texts.h"

#include <algorithm>
#include <charconv>

namespace smime::desk {
namespace {

std::string_view trim(std::string_view text) {
  constexpr std::string_view blanks = " \t\r";
  std::size_t begin = text.find_first_not_of(blanks);
  if (begin == std::string_view::npos)
    return {};
  return text.substr(begin, text.find_last_not_of(blanks) - begin + 1);
}

bool is_key(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
  });
}

std::string_view take_until(std::string_view &text, char separator) {
  std::size_t end = std::min(text.find(separator), text.size());
  std::string_view piece = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return piece;
}

// Of "de;q=0.8", in thousandths; 1000 where it is not said.
int weight_of(std::string_view parameters) {
  std::size_t at = parameters.find("q=");
  if (at == std::string_view::npos)
    return 1000;
  std::string_view number = trim(parameters.substr(at + 2));
  if (number.starts_with("1"))
    return 1000;
  if (!number.starts_with("0."))
    return 0;
  std::string digits(number.substr(2, 3));
  digits.resize(3, '0');
  int weight = 0;
  (void)std::from_chars(digits.data(), digits.data() + digits.size(), weight);
  return weight;
}

} // namespace

std::optional<Texts> Texts::parse(std::string_view code, std::string_view file,
                                  std::string &error) {
  Texts result;
  result.code_ = code;
  for (unsigned number = 1; !file.empty(); number++) {
    std::string_view line = trim(take_until(file, '\n'));
    if (line.empty() || line.front() == '#')
      continue;
    std::size_t equals = line.find('=');
    std::string key(trim(line.substr(0, std::min(equals, line.size()))));
    if (equals == std::string_view::npos || !is_key(key)) {
      error = "line " + std::to_string(number) + " is not key = text";
      return std::nullopt;
    }
    if (!result.texts_.emplace(key, trim(line.substr(equals + 1))).second) {
      error = "line " + std::to_string(number) + " has " + key + " again";
      return std::nullopt;
    }
  }
  return result;
}

std::string Texts::text(std::string_view key) const {
  auto found = texts_.find(key);
  return found == texts_.end() ? std::string(key) : found->second;
}

std::string Texts::text(std::string_view key,
                        std::initializer_list<std::string_view> values) const {
  std::string result;
  std::string whole = text(key);
  std::string_view rest = whole;
  while (!rest.empty()) {
    if (rest.size() >= 3 && rest[0] == '{' && rest[2] == '}' && rest[1] >= '0' &&
        rest[1] < static_cast<char>('0' + values.size())) {
      result += values.begin()[rest[1] - '0'];
      rest.remove_prefix(3);
    } else {
      result += rest.front();
      rest.remove_prefix(1);
    }
  }
  return result;
}

std::string Texts::count(std::string_view key, std::uint64_t number) const {
  std::string digits = std::to_string(number);
  return text(std::string(key) + (number == 1 ? "_1" : "_n"), {digits});
}

std::string_view preferred_language(std::string_view accept_language) {
  std::string_view best = "en";
  int best_weight = 0;
  while (!accept_language.empty()) {
    std::string_view entry = trim(take_until(accept_language, ','));
    std::string_view range = trim(take_until(entry, ';'));
    int weight = weight_of(entry);
    bool german = range == "de" || range.starts_with("de-") || range == "DE";
    bool english = range == "en" || range.starts_with("en-") || range == "EN";
    if ((german || english) && weight > best_weight) {
      best = german ? "de" : "en";
      best_weight = weight;
    }
  }
  return best;
}

} // namespace smime::desk
