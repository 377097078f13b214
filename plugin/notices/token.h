// Tokens: what the link in a notice carries, by which the recipient of a held message may do
// something with it. Whoever has one may do that, so it says little: one message, one recipient,
// one act, a time. Only who has the key can make one. No Dovecot header.
//
// "smime1.KEY.CONTENT.MAC": the name of the key, what the token says, and an HMAC-SHA-256 over
// all that stands before it. Every character may stand in a URL, and the last one is a letter or
// a digit, which no mail reader leaves out of a link.
#ifndef SMIME_NOTICES_TOKEN_H
#define SMIME_NOTICES_TOKEN_H

#include "plugin/notices/token-keys.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace smime {

// Each allows those before it, too.
enum class TokenAct : std::uint8_t { view, request, release };

std::string_view name_of(TokenAct act);
std::optional<TokenAct> token_act_from_name(std::string_view name);

struct Token {
  // The quarantine id.
  std::string id;
  // The full name of the user whose message it is.
  std::string recipient;
  TokenAct allows = TokenAct::view;
  // Seconds since the epoch. From then on it is refused.
  std::int64_t expires = 0;
};

// In bytes.
inline constexpr std::size_t max_token_recipient = 512;
inline constexpr std::size_t max_token = 1024;

// Nullopt if the id is none, the recipient is empty or too long, or the time is before the epoch.
std::optional<std::string> make_token(const TokenKeys &keys, const Token &token);

// Why a token is refused.
enum class TokenFault : std::uint8_t {
  none,
  // No token at all, one that was cut off, and one of another version of this software.
  malformed,
  truncated,
  unknown_version,
  // Made with a key that the file does not have: forged, or the key was taken out.
  unknown_key,
  // Names a key of ours, which did not make it.
  altered,
  expired,
  // It is right, and for something else.
  other_message,
  other_recipient,
  not_allowed,
  // It was for one act, which was done.
  used,
};

// The word for the log: "truncated"; "valid" for none.
std::string_view name_of(TokenFault fault);
// The sentence for whoever asks what the word means.
std::string_view text_of(TokenFault fault);

struct TokenCheck {
  TokenFault fault = TokenFault::malformed;
  // What it says, if it is ours: with the faults none and expired.
  std::optional<Token> token;
  // The number of the key that made it, 0 for the first.
  std::size_t key = 0;
};

// Whether it is ours and has not expired. Compares in constant time. The text is any bytes.
TokenCheck check_token(const TokenKeys &keys, std::string_view text, std::int64_t now);

// What somebody wants to do with a token in his hand.
struct TokenUse {
  std::string_view id;
  std::string_view recipient;
  TokenAct act = TokenAct::view;
  // What an act is for was done already, by this token or in another way: the register knows.
  bool is_done = false;
};

// Whether the token is for that. A look may be repeated, an act not.
TokenFault fault_of(const Token &token, const TokenUse &use);

} // namespace smime

#endif
