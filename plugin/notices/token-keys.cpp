#include "plugin/notices/token-keys.h"

#include "common/sha256.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <set>
#include <stdexcept>
#include <sys/stat.h>
#include <unistd.h>

namespace smime {
namespace {

constexpr std::size_t max_key_file = 64UL * 1024;
// A key of random hexadecimal digits has more of them; one of a single letter is a mistake.
constexpr std::size_t min_different_bytes = 8;
constexpr std::size_t name_bytes = 4;

class Descriptor {
public:
  explicit Descriptor(const std::string &path)
      // A FIFO in the file's place holds nobody up.
      : fd_(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)) {}
  ~Descriptor() {
    if (fd_ >= 0)
      (void)close(fd_);
  }
  Descriptor(const Descriptor &) = delete;
  Descriptor &operator=(const Descriptor &) = delete;

  int get() const { return fd_; }

private:
  int fd_;
};

void cleanse(std::string &text) { OPENSSL_cleanse(text.data(), text.size()); }

// What is wrong with a line; empty if nothing is.
std::string fault_of(std::string_view line) {
  if (line.size() < min_token_key)
    return "has a key of " + std::to_string(line.size()) + " bytes; it takes " +
           std::to_string(min_token_key) + " (openssl rand -hex 32)";
  if (line.find('\0') != std::string_view::npos)
    return "has bytes that are no text (openssl rand -hex 32 makes a key)";
  if (std::set<char>(line.begin(), line.end()).size() < min_different_bytes)
    return "has a key that can be guessed (openssl rand -hex 32 makes one)";
  return {};
}

// What is wrong with whose the file is and who may use it; empty if nothing is.
std::string fault_of(const struct stat &status) {
  if (!S_ISREG(status.st_mode))
    return "is no file";
  if ((status.st_mode & S_IRWXO) != 0)
    return "is open to all users (chmod o= takes that away)";
  if ((status.st_mode & S_IWGRP) != 0)
    return "can be written by its group (chmod g-w takes that away)";
  if (status.st_uid != 0 && status.st_uid != geteuid())
    return "belongs to the user with the uid " + std::to_string(status.st_uid) +
           ", who could change it";
  return {};
}

// False with error set.
bool read_all(int fd, std::string &text, std::string &error) {
  text.resize(max_key_file + 1);
  std::size_t used = 0;
  for (;;) {
    ssize_t got = ::read(fd, text.data() + used, text.size() - used);
    if (got < 0 && errno == EINTR)
      continue;
    if (got < 0)
      error = std::string("cannot be read: ") + std::strerror(errno);
    if (got <= 0)
      break;
    used += static_cast<std::size_t>(got);
    if (used > max_key_file)
      error = "is too large for a file of keys";
    if (!error.empty())
      break;
  }
  text.resize(used);
  return error.empty();
}

} // namespace

std::optional<TokenKeys> TokenKeys::parse(std::string_view text, std::string &error) {
  TokenKeys keys;
  // They are not moved, which would leave bytes behind.
  keys.keys_.reserve(max_token_keys);
  while (!text.empty()) {
    std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    if (line.ends_with('\r'))
      line.remove_suffix(1);
    if (line.empty() || line.starts_with('#'))
      continue;
    error = keys.size() == max_token_keys
                ? "has more than " + std::to_string(max_token_keys) + " keys"
                : fault_of(line);
    if (!error.empty())
      return std::nullopt;
    keys.keys_.emplace_back(line);
  }
  if (keys.keys_.empty()) {
    error = "has no key in it (openssl rand -hex 32 makes one)";
    return std::nullopt;
  }
  return keys;
}

std::optional<TokenKeys> TokenKeys::read(const std::string &path, std::string &error) {
  Descriptor file(path);
  struct stat status {};
  if (file.get() < 0 || fstat(file.get(), &status) < 0) {
    error = path + " cannot be opened: " + std::strerror(errno);
    return std::nullopt;
  }
  std::optional<TokenKeys> keys;
  std::string text;
  error = fault_of(status);
  if (error.empty() && read_all(file.get(), text, error))
    keys = parse(text, error);
  cleanse(text);
  if (!keys)
    error = path + " " + error;
  return keys;
}

TokenKeys::~TokenKeys() {
  for (std::string &key : keys_)
    cleanse(key);
}

std::string TokenKeys::name(std::size_t number) const {
  return to_hex(mac(number, "dovecot-smime: the name of this key")).substr(0, 2 * name_bytes);
}

Mac TokenKeys::mac(std::size_t number, std::string_view text) const {
  const std::string &key = keys_.at(number);
  Mac result{};
  unsigned size = 0;
  if (HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
           reinterpret_cast<const unsigned char *>(text.data()), text.size(), result.data(),
           &size) == nullptr ||
      size != result.size())
    throw std::runtime_error("computing HMAC-SHA-256 failed");
  return result;
}

} // namespace smime
