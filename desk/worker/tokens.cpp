#include "desk/worker/tokens.h"

#include "desk/protocol/object-reader.h"
#include "desk/protocol/request.h"
#include "desk/worker/secret.h"
#include "plugin/store/atomic-file.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <sys/stat.h>
#include <unistd.h>

namespace smime::desk {
namespace {

constexpr std::size_t max_file = 4UL * 1024 * 1024;
constexpr std::int64_t day = 86400;
constexpr std::size_t id_size = 4;
// So that secret scanners know it.
constexpr std::string_view prefix = "smime-desk-";

std::optional<std::int64_t> number_of(std::string_view text) {
  std::int64_t number = 0;
  auto [rest, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (failure != std::errc() || rest != text.data() + text.size() || number < 0)
    return std::nullopt;
  return number;
}

std::vector<std::string_view> fields_of(std::string_view line) {
  std::vector<std::string_view> fields;
  while (true) {
    auto tab = line.find('\t');
    fields.push_back(line.substr(0, tab));
    if (tab == std::string_view::npos)
      return fields;
    line.remove_prefix(tab + 1);
  }
}

bool is_hex(std::string_view text, std::size_t size) {
  return text.size() == size &&
         text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

std::optional<ApiToken> parse_line(std::string_view line) {
  constexpr std::size_t field_count = 6;
  auto fields = fields_of(line);
  if (fields.size() != field_count || !is_hex(fields[0], 2 * id_size) ||
      !is_hex(fields[1], 2 * secret_size) || fields[4].empty())
    return std::nullopt;
  auto made = number_of(fields[2]);
  auto expires = number_of(fields[3]);
  if (!made || !expires)
    return std::nullopt;
  return ApiToken{std::string(fields[0]),
                  std::string(fields[1]),
                  std::string(fields[4]),
                  std::string(fields[5]),
                  *made,
                  *expires};
}

} // namespace

std::string format_tokens(const std::vector<ApiToken> &tokens) {
  std::string text = "# API tokens of smime-desk: id, SHA-256, made, expires, name, label\n";
  for (const ApiToken &token : tokens)
    text += token.id + "\t" + token.digest + "\t" + std::to_string(token.made) + "\t" +
            std::to_string(token.expires) + "\t" + token.name + "\t" + token.label + "\n";
  return text;
}

std::optional<std::vector<ApiToken>> parse_tokens(std::string_view text, std::string &error) {
  std::vector<ApiToken> tokens;
  for (unsigned number = 1; !text.empty(); number++) {
    auto newline = text.find('\n');
    std::string_view line = text.substr(0, newline);
    text = newline == std::string_view::npos ? std::string_view() : text.substr(newline + 1);
    if (line.empty() || line.front() == '#')
      continue;
    auto token = parse_line(line);
    if (!token) {
      error = "line " + std::to_string(number) + " is no token";
      return std::nullopt;
    }
    tokens.push_back(std::move(*token));
  }
  return tokens;
}

ApiToken make_api_token(const std::string &name, const std::string &label, unsigned days,
                        std::int64_t now, std::string &secret) {
  secret = std::string(prefix) + random_hex(secret_size);
  return {random_hex(id_size), digest_of(secret), name, label, now, now + days * day};
}

const ApiToken *find_token(const std::vector<ApiToken> &tokens, std::string_view secret,
                           std::int64_t now) {
  std::string digest = digest_of(secret);
  auto found = std::find_if(tokens.begin(), tokens.end(), [&](const ApiToken &token) {
    return token.digest == digest && now < token.expires;
  });
  return found == tokens.end() ? nullptr : &*found;
}

const std::vector<ApiToken> *TokenFile::tokens(std::string &error) {
  struct stat status {};
  if (stat(path_.c_str(), &status) < 0) {
    tokens_.clear();
    inode_ = 0;
    if (errno == ENOENT)
      return &tokens_;
    error = path_ + ": " + std::strerror(errno);
    return nullptr;
  }
  if (status.st_uid != geteuid() || (status.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
    error = path_ + ": others than root can write it; no API token is believed until that is "
                    "mended (chown root, chmod 600)";
    return nullptr;
  }
  if (status.st_ino == inode_ && status.st_mtim.tv_sec == changed_.tv_sec &&
      status.st_mtim.tv_nsec == changed_.tv_nsec)
    return &tokens_;
  std::string text;
  inode_ = 0;
  if (!read_file(path_, max_file, text, error))
    return nullptr;
  auto read = parse_tokens(text, error);
  if (!read) {
    error = path_ + ": " + error + "; no API token is believed until that is mended";
    return nullptr;
  }
  tokens_ = std::move(*read);
  inode_ = status.st_ino;
  changed_ = status.st_mtim;
  return &tokens_;
}

} // namespace smime::desk
