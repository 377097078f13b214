// Mailbox patterns as in smime_stores and the rule key mailbox: IMAP LIST
// wildcards (RFC 3501 section 6.3.8) over full virtual names.
#ifndef SMIME_MAILBOX_PATTERN_H
#define SMIME_MAILBOX_PATTERN_H

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace smime {

// "*" matches anything, "%" anything but the separator. INBOX is matched
// whatever its case.
bool mailbox_matches(std::string_view pattern, std::string_view mailbox, char separator);

// INBOX is the one name without case (RFC 3501 section 5.1); also as the first component of a
// hierarchy.
std::string with_inbox_upper(std::string_view name, char separator);

// A space-separated list. A name with a space is put in quotes, "!" before a
// pattern excludes what it matches, and a list of exclusions alone means
// everything else.
class MailboxPatterns {
public:
  // Returns nullopt and sets error, which names the bad word.
  static std::optional<MailboxPatterns> parse(std::string_view text, std::string &error);

  bool matches(std::string_view mailbox, char separator) const;
  // False if no mailbox at all can match.
  bool can_match() const;

private:
  std::vector<std::string> included_;
  std::vector<std::string> excluded_;
};

} // namespace smime

#endif
