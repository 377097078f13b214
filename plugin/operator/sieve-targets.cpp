#include "plugin/operator/sieve-targets.h"

#include "common/ascii.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <optional>

namespace smime {
namespace {

struct Token {
  enum class Kind { word, string, other } kind;
  std::string text;
};

bool is_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

// Takes one token of RFC 5228 section 8.1 at a time.
class Scanner {
public:
  explicit Scanner(std::string_view script) : rest_(script) {}

  std::optional<Token> next() {
    for (;;) {
      skip_blanks();
      if (rest_.empty())
        return std::nullopt;
      if (rest_.starts_with('#'))
        skip_past("\n");
      else if (rest_.starts_with("/*"))
        skip_past("*/");
      else
        break;
    }
    if (rest_[0] == '"')
      return quoted();
    if (is_word(rest_[0]))
      return word();
    Token token{Token::Kind::other, std::string(1, rest_[0])};
    rest_.remove_prefix(1);
    return token;
  }

private:
  void skip_blanks() {
    while (!rest_.empty() && std::isspace(static_cast<unsigned char>(rest_[0])) != 0)
      rest_.remove_prefix(1);
  }

  void skip_past(std::string_view end) {
    auto at = rest_.find(end);
    rest_.remove_prefix(at == std::string_view::npos ? rest_.size() : at + end.size());
  }

  Token quoted() {
    Token token{Token::Kind::string, {}};
    std::size_t at = 1;
    for (; at < rest_.size() && rest_[at] != '"'; at++) {
      if (rest_[at] == '\\' && at + 1 < rest_.size())
        at++;
      token.text += rest_[at];
    }
    rest_.remove_prefix(std::min(at + 1, rest_.size()));
    return token;
  }

  // An identifier or a number; "text:" begins a multi-line string.
  Token word() {
    std::size_t size = 0;
    while (size < rest_.size() && is_word(rest_[size]))
      size++;
    Token token{Token::Kind::word, std::string(rest_.substr(0, size))};
    rest_.remove_prefix(size);
    if (equals_ignoring_case(token.text, "text") && rest_.starts_with(':')) {
      auto end = rest_.find("\n.");
      while (end != std::string_view::npos && end + 2 < rest_.size() && rest_[end + 2] != '\r' &&
             rest_[end + 2] != '\n')
        end = rest_.find("\n.", end + 2);
      rest_.remove_prefix(end == std::string_view::npos ? rest_.size() : end + 2);
      return {Token::Kind::other, {}};
    }
    return token;
  }

  std::string_view rest_;
};

} // namespace

std::vector<std::string> sieve_targets(std::string_view script) {
  std::vector<std::string> targets;
  Scanner scanner(script);
  bool in_fileinto = false;
  std::string last;
  while (auto token = scanner.next()) {
    if (token->kind == Token::Kind::word) {
      in_fileinto = in_fileinto || equals_ignoring_case(token->text, "fileinto");
    } else if (token->kind == Token::Kind::string) {
      // The mailbox is the last argument, behind tags with values of their own.
      last = token->text;
    } else if (token->text == ";" || token->text == "{" || token->text == "}") {
      bool known = std::find(targets.begin(), targets.end(), last) != targets.end();
      if (in_fileinto && !last.empty() && last.find("${") == std::string::npos && !known &&
          targets.size() < max_sieve_targets)
        targets.push_back(last);
      in_fileinto = false;
      last.clear();
    }
  }
  return targets;
}

std::vector<std::string> sieve_sending_actions(std::string_view script) {
  static constexpr std::array<std::string_view, 6> sending{"redirect", "report",   "pipe",
                                                           "execute",  "vacation", "notify"};
  std::array<bool, sending.size()> seen{};
  Scanner scanner(script);
  bool is_tag = false;
  while (auto token = scanner.next()) {
    for (std::size_t i = 0; i < sending.size() && token->kind == Token::Kind::word && !is_tag; i++)
      seen[i] = seen[i] || equals_ignoring_case(token->text, sending[i]);
    is_tag = token->kind == Token::Kind::other && token->text == ":";
  }
  std::vector<std::string> actions;
  for (std::size_t i = 0; i < sending.size(); i++) {
    if (seen[i])
      actions.emplace_back(sending[i]);
  }
  return actions;
}

std::string active_sieve_file(std::string_view setting, std::string_view home) {
  std::string_view path = setting;
  auto active = setting.find(";active=");
  if (active != std::string_view::npos) {
    path = setting.substr(active + 8);
    path = path.substr(0, path.find(';'));
  } else if (setting.starts_with("file:")) {
    // Pigeonhole's own default for a directory of scripts.
    path = "~/.dovecot.sieve";
  }
  if (path.starts_with("~/"))
    return home.empty() ? std::string() : std::string(home) + std::string(path.substr(1));
  return path.starts_with('/') ? std::string(path) : std::string();
}

} // namespace smime
