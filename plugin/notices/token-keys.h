// The secret by which tokens are known for ours: the file that smime_token_key names. No Dovecot
// header.
#ifndef SMIME_NOTICES_TOKEN_KEYS_H
#define SMIME_NOTICES_TOKEN_KEYS_H

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace smime {

// A line of the file that is shorter can be guessed.
inline constexpr std::size_t min_token_key = 32;
inline constexpr std::size_t max_token_keys = 16;

using Mac = std::array<unsigned char, 32>;

// One key a line; empty lines and those that begin with "#" do not count. The first one makes
// tokens, each of them is believed: to change it, a new line is put before it, and the old one
// taken out once what it made has expired.
class TokenKeys {
public:
  static std::optional<TokenKeys> parse(std::string_view text, std::string &error);
  // The file, which only its owner, root or we, may write, and others may not read. Nullopt with
  // error set to a sentence with the file's name in it, and never a key's bytes.
  static std::optional<TokenKeys> read(const std::string &path, std::string &error);

  TokenKeys(TokenKeys &&other) = default;
  TokenKeys &operator=(TokenKeys &&other) = default;
  TokenKeys(const TokenKeys &) = delete;
  TokenKeys &operator=(const TokenKeys &) = delete;
  // Takes the bytes out of memory.
  ~TokenKeys();

  std::size_t size() const { return keys_.size(); }
  // By which a token names the key that made it: hexadecimal, and says nothing of its bytes.
  std::string name(std::size_t number) const;
  // HMAC-SHA-256. An error of OpenSSL throws std::runtime_error.
  Mac mac(std::size_t number, std::string_view text) const;

private:
  TokenKeys() = default;

  std::vector<std::string> keys_;
};

} // namespace smime

#endif
