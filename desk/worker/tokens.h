// API tokens: programs that ask the desk in a reviewer's name. The file has the digest of each,
// so who reads it can ask nothing. No Dovecot header.
#ifndef SMIME_DESK_TOKENS_H
#define SMIME_DESK_TOKENS_H

#include <cstdint>
#include <ctime>
#include <optional>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <vector>

namespace smime::desk {

struct ApiToken {
  // For "token revoke"; says nothing of the token.
  std::string id;
  std::string digest;
  // The reviewer in whose name it asks.
  std::string name;
  std::string label;
  // Seconds since the epoch.
  std::int64_t made = 0;
  std::int64_t expires = 0;
};

// The text of the file, and back: nullopt with error set ("line 2: ...").
std::string format_tokens(const std::vector<ApiToken> &tokens);
std::optional<std::vector<ApiToken>> parse_tokens(std::string_view text, std::string &error);

// A new token's record; secret is what its bearer gets.
ApiToken make_api_token(const std::string &name, const std::string &label, unsigned days,
                        std::int64_t now, std::string &secret);

// Nullptr if none of them is it, or its time is over.
const ApiToken *find_token(const std::vector<ApiToken> &tokens, std::string_view secret,
                           std::int64_t now);

inline constexpr unsigned max_token_days = 3650;
inline constexpr unsigned default_token_days = 365;

// What the file has now. It is read anew when it was changed, so that what was revoked is refused
// at once.
class TokenFile {
public:
  explicit TokenFile(std::string path) : path_(std::move(path)) {}

  // A file that is not there has none. Nullptr with error set if it cannot be read, or others
  // than root can write it; then nobody is let in by it.
  const std::vector<ApiToken> *tokens(std::string &error);
  const std::string &path() const { return path_; }

private:
  std::string path_;
  std::vector<ApiToken> tokens_;
  timespec changed_{};
  ino_t inode_ = 0;
};

// "token add|list|revoke ..." at the command line. Returns the exit status.
int token_command(const std::string &path, const std::vector<std::string> &arguments);

} // namespace smime::desk

#endif
