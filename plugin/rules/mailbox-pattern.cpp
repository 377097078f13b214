#include "plugin/rules/mailbox-pattern.h"

#include <algorithm>
#include <cstddef>
#include <strings.h>

namespace smime {
namespace {

constexpr std::string_view inbox = "INBOX";

// A wildcard to come back to: where the pattern goes on behind it, and how far
// into the name it reaches so far.
struct Retry {
  std::size_t pattern = std::string_view::npos;
  std::size_t name = 0;
  bool possible() const { return pattern != std::string_view::npos; }
};

bool glob(std::string_view pattern, std::string_view name, char separator) {
  std::size_t p = 0;
  std::size_t n = 0;
  Retry star;
  Retry percent;
  for (;;) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = {++p, n};
      percent = {};
    } else if (p < pattern.size() && pattern[p] == '%') {
      percent = {++p, n};
    } else if (n < name.size() && p < pattern.size() && pattern[p] == name[n]) {
      p++;
      n++;
    } else if (n == name.size() && p == pattern.size()) {
      return true;
    } else if (percent.possible() && percent.name < name.size() &&
               name[percent.name] != separator) {
      n = ++percent.name;
      p = percent.pattern;
    } else if (star.possible() && star.name < name.size()) {
      n = ++star.name;
      p = star.pattern;
      percent = {};
    } else {
      return false;
    }
  }
}

// Takes the next word off text, unquoted. Returns false at an unclosed quote.
bool next_word(std::string_view &text, std::string &word) {
  word.clear();
  char quote = '\0';
  std::size_t i = 0;
  for (; i < text.size(); i++) {
    char c = text[i];
    if (quote != '\0' && c == quote)
      quote = '\0';
    else if (quote == '\0' && (c == '"' || c == '\''))
      quote = c;
    else if (quote == '\0' && (c == ' ' || c == '\t'))
      break;
    else
      word += c;
  }
  text.remove_prefix(i);
  return quote == '\0';
}

} // namespace

std::string with_inbox_upper(std::string_view name, char separator) {
  std::string result(name);
  if (name.size() >= inbox.size() && strncasecmp(name.data(), inbox.data(), inbox.size()) == 0 &&
      (name.size() == inbox.size() || name[inbox.size()] == separator))
    result.replace(0, inbox.size(), inbox);
  return result;
}

bool mailbox_matches(std::string_view pattern, std::string_view mailbox, char separator) {
  return glob(with_inbox_upper(pattern, separator), with_inbox_upper(mailbox, separator),
              separator);
}

std::optional<MailboxPatterns> MailboxPatterns::parse(std::string_view text, std::string &error) {
  MailboxPatterns patterns;
  std::string word;
  for (;;) {
    auto start = text.find_first_not_of(" \t");
    if (start == std::string_view::npos)
      break;
    text.remove_prefix(start);
    bool exclude = text.front() == '!';
    if (exclude)
      text.remove_prefix(1);
    if (!next_word(text, word)) {
      error = "unclosed quote in the pattern \"" + word + "\"";
      return std::nullopt;
    }
    if (word.empty()) {
      error = exclude ? "\"!\" stands without a pattern" : "empty pattern";
      return std::nullopt;
    }
    (exclude ? patterns.excluded_ : patterns.included_).push_back(word);
  }
  if (patterns.included_.empty() && !patterns.excluded_.empty())
    patterns.included_.emplace_back("*");
  return patterns;
}

bool MailboxPatterns::can_match() const {
  return !included_.empty() &&
         std::find(excluded_.begin(), excluded_.end(), "*") == excluded_.end();
}

bool MailboxPatterns::matches(std::string_view mailbox, char separator) const {
  bool included = false;
  for (const std::string &pattern : included_)
    included = included || mailbox_matches(pattern, mailbox, separator);
  if (!included)
    return false;
  for (const std::string &pattern : excluded_) {
    if (mailbox_matches(pattern, mailbox, separator))
      return false;
  }
  return true;
}

} // namespace smime
