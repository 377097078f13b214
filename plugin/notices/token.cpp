#include "plugin/notices/token.h"

#include "common/sha256.h"
#include "plugin/quarantine/block.h"

#include <algorithm>
#include <array>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdexcept>

namespace smime {
namespace {

// The purpose is part of what the MAC is over: with the same key nothing else becomes a token.
constexpr std::string_view purpose = "dovecot-smime: a token\n";
constexpr std::string_view family = "smime";
constexpr std::string_view version = "smime1.";
constexpr std::size_t id_bytes = 16;
constexpr std::size_t time_bytes = 8;
constexpr std::size_t fixed_bytes = id_bytes + time_bytes + 1;
constexpr std::size_t mac_digits = 2 * sizeof(Mac);

constexpr std::array<std::string_view, 3> act_names{"view", "request", "release"};

struct FaultName {
  std::string_view name;
  std::string_view text;
};

// In the order of TokenFault.
constexpr std::array<FaultName, 11> fault_names{{
    {"valid", "the token is valid"},
    {"malformed", "this is no token"},
    {"truncated", "the end of the token is missing"},
    {"unknown-version", "the token is of another version of this software"},
    {"unknown-key", "the token was made with a key that the file of smime_token_key does not have: "
                    "it is forged, or the key was taken out"},
    {"altered", "the token is not as it was made: somebody changed it, or it is forged"},
    {"expired", "the token's time is over"},
    {"other-message", "the token is for another message"},
    {"other-recipient", "the token is for another recipient"},
    {"not-allowed", "the token does not allow that"},
    {"used", "what the token is for was done already"},
}};

// --- bytes as text

std::string base64_of(std::string_view bytes) {
  std::string text(4 * ((bytes.size() + 2) / 3) + 1, '\0');
  int size = EVP_EncodeBlock(reinterpret_cast<unsigned char *>(text.data()),
                             reinterpret_cast<const unsigned char *>(bytes.data()),
                             static_cast<int>(bytes.size()));
  text.resize(static_cast<std::size_t>(size));
  text.erase(std::min(text.find('='), text.size()));
  std::replace(text.begin(), text.end(), '+', '-');
  std::replace(text.begin(), text.end(), '/', '_');
  return text;
}

// Of what base64_of() made.
std::optional<std::string> bytes_of(std::string_view base64) {
  std::string text(base64);
  std::replace(text.begin(), text.end(), '-', '+');
  std::replace(text.begin(), text.end(), '_', '/');
  std::size_t padding = (4 - text.size() % 4) % 4;
  text.append(padding, '=');
  std::string bytes(3 * (text.size() / 4), '\0');
  int size = EVP_DecodeBlock(reinterpret_cast<unsigned char *>(bytes.data()),
                             reinterpret_cast<const unsigned char *>(text.data()),
                             static_cast<int>(text.size()));
  if (size < 0 || static_cast<std::size_t>(size) < padding)
    return std::nullopt;
  bytes.resize(static_cast<std::size_t>(size) - padding);
  return bytes;
}

int digit_value(char c) { return c <= '9' ? c - '0' : c - 'a' + 10; }

std::string bytes_of_id(const std::string &id) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < id.size(); i += 2)
    bytes += static_cast<char>(digit_value(id[i]) * 16 + digit_value(id[i + 1]));
  return bytes;
}

std::string id_of_bytes(std::string_view bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string id;
  for (char c : bytes) {
    auto byte = static_cast<unsigned char>(c);
    id += digits[byte >> 4U];
    id += digits[byte & 0xfU];
  }
  return id;
}

// --- what a token says

std::string content_of(const Token &token) {
  std::string bytes = bytes_of_id(token.id);
  auto time = static_cast<std::uint64_t>(token.expires);
  for (std::size_t i = time_bytes; i-- > 0;)
    bytes += static_cast<char>(time >> (8 * i));
  bytes += static_cast<char>(token.allows);
  return base64_of(bytes + token.recipient);
}

std::optional<Token> token_of(std::string_view content) {
  auto bytes = bytes_of(content);
  if (!bytes || bytes->size() <= fixed_bytes)
    return std::nullopt;
  std::string_view rest = *bytes;
  Token token;
  token.id = id_of_bytes(rest.substr(0, id_bytes));
  std::uint64_t time = 0;
  for (char c : rest.substr(id_bytes, time_bytes))
    time = time << 8U | static_cast<unsigned char>(c);
  token.expires = static_cast<std::int64_t>(time);
  auto allows = static_cast<unsigned char>(rest[fixed_bytes - 1]);
  if (allows >= act_names.size())
    return std::nullopt;
  token.allows = static_cast<TokenAct>(allows);
  token.recipient = rest.substr(fixed_bytes);
  return token;
}

std::string mac_of(const TokenKeys &keys, std::size_t number, std::string_view signed_text) {
  return to_hex(keys.mac(number, std::string(purpose) + std::string(signed_text)));
}

// --- the form

bool is_token_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
         c == '-' || c == '_';
}

// "smime12."
bool has_other_version(std::string_view text) {
  if (!text.starts_with(family))
    return false;
  std::string_view rest = text.substr(family.size());
  std::size_t digits = std::min(rest.find_first_not_of("0123456789"), rest.size());
  return digits > 0 && digits < rest.size() && rest[digits] == '.';
}

struct Parts {
  std::string_view key;
  std::string_view content;
  std::string_view mac;
  // All that the MAC is over.
  std::string_view before_mac;
};

TokenFault take_apart(std::string_view text, Parts &parts) {
  if (text.empty() || text.size() > max_token ||
      !std::all_of(text.begin(), text.end(), is_token_character))
    return TokenFault::malformed;
  if (!text.starts_with(version)) {
    if (version.starts_with(text))
      return TokenFault::truncated;
    return has_other_version(text) ? TokenFault::unknown_version : TokenFault::malformed;
  }
  std::string_view rest = text.substr(version.size());
  std::size_t first = rest.find('.');
  std::size_t second = first == std::string_view::npos ? first : rest.find('.', first + 1);
  if (second == std::string_view::npos)
    return TokenFault::truncated;
  parts.key = rest.substr(0, first);
  parts.content = rest.substr(first + 1, second - first - 1);
  parts.mac = rest.substr(second + 1);
  parts.before_mac = text.substr(0, version.size() + second);
  if (parts.mac.size() < mac_digits)
    return TokenFault::truncated;
  return parts.mac.size() == mac_digits ? TokenFault::none : TokenFault::malformed;
}

std::optional<std::size_t> find_key(const TokenKeys &keys, std::string_view name) {
  for (std::size_t number = 0; number < keys.size(); number++) {
    if (keys.name(number) == name)
      return number;
  }
  return std::nullopt;
}

} // namespace

std::string_view name_of(TokenAct act) { return act_names.at(static_cast<std::size_t>(act)); }

std::optional<TokenAct> token_act_from_name(std::string_view name) {
  const auto *found = std::find(act_names.begin(), act_names.end(), name);
  if (found == act_names.end())
    return std::nullopt;
  return static_cast<TokenAct>(found - act_names.begin());
}

std::string_view name_of(TokenFault fault) {
  return fault_names.at(static_cast<std::size_t>(fault)).name;
}

std::string_view text_of(TokenFault fault) {
  return fault_names.at(static_cast<std::size_t>(fault)).text;
}

std::optional<std::string> make_token(const TokenKeys &keys, const Token &token) {
  if (!is_quarantine_id(token.id) || token.recipient.empty() ||
      token.recipient.size() > max_token_recipient || token.expires <= 0)
    return std::nullopt;
  std::string text = std::string(version) + keys.name(0) + "." + content_of(token);
  return text + "." + mac_of(keys, 0, text);
}

TokenCheck check_token(const TokenKeys &keys, std::string_view text, std::int64_t now) {
  TokenCheck check;
  Parts parts;
  check.fault = take_apart(text, parts);
  if (check.fault != TokenFault::none)
    return check;
  auto key = find_key(keys, parts.key);
  if (!key) {
    check.fault = TokenFault::unknown_key;
    return check;
  }
  check.key = *key;
  std::string mac = mac_of(keys, *key, parts.before_mac);
  // The texts are compared, so that each token has one form alone.
  if (CRYPTO_memcmp(mac.data(), parts.mac.data(), mac.size()) != 0) {
    check.fault = TokenFault::altered;
    return check;
  }
  check.token = token_of(parts.content);
  // What has our MAC was made by us.
  if (!check.token)
    throw std::logic_error("a token of ours cannot be read");
  if (now >= check.token->expires)
    check.fault = TokenFault::expired;
  return check;
}

TokenFault fault_of(const Token &token, const TokenUse &use) {
  if (token.id != use.id)
    return TokenFault::other_message;
  if (token.recipient != use.recipient)
    return TokenFault::other_recipient;
  if (use.act > token.allows)
    return TokenFault::not_allowed;
  if (use.act != TokenAct::view && use.is_done)
    return TokenFault::used;
  return TokenFault::none;
}

} // namespace smime
