// The words of a setting's text, such as a rule's or a role's: key=value ..., in which values may
// be quoted. No Dovecot header.
#ifndef SMIME_RULES_WORDS_H
#define SMIME_RULES_WORDS_H

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace smime {

struct Word {
  std::string key;
  std::string value;
};

// Takes white space, line ends too, off the beginning of text.
void skip_space(std::string_view &text);

// Takes "key=value" off text. A value may be quoted with ", in which \ escapes.
// Returns what is wrong, or an empty string.
std::string next_word(std::string_view &text, Word &word);

// The text from pairs of key and value that next_word() reads; empty values are left out.
std::string compose_words(const std::vector<std::pair<std::string_view, std::string_view>> &words);

// Whether an operator's text can stand in a line of a log or a header: it is not longer than
// max_line and has no control bytes.
inline constexpr std::size_t max_line = 500;
bool is_one_line(std::string_view value);

// "12h", "30d", "4w", "1y": hours, days, weeks and years of 365 days, ten years at most. Minutes
// and months would be one letter.
std::optional<std::int64_t> parse_days(std::string_view text);

} // namespace smime

#endif
