// smime-desk-worker token add|list|revoke, for root at a shell.
#include "common/safe-text.h"
#include "desk/protocol/object-reader.h"
#include "desk/protocol/request.h"
#include "desk/worker/tokens.h"
#include "plugin/store/atomic-file.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <fcntl.h>
#include <sys/file.h>
#include <sysexits.h>
#include <unistd.h>

namespace smime::desk {
namespace {

constexpr std::size_t max_label = 200;
constexpr std::size_t max_tokens = 1000;

int complain(int status, const std::string &text) {
  (void)fprintf(stderr, "smime-desk-worker: %s\n", terminal_text(text).c_str());
  return status;
}

int usage() {
  (void)fputs("Usage: smime-desk-worker [-c FILE] token add --as NAME [--days N] [--label TEXT]\n"
              "       smime-desk-worker [-c FILE] token list\n"
              "       smime-desk-worker [-c FILE] token revoke ID\n",
              stderr);
  return EX_USAGE;
}

// Two commands at a time would lose what one of them wrote.
class Lock {
public:
  explicit Lock(const std::string &path)
      : fd_(open((path + ".lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600)) {
    held_ = fd_ >= 0 && flock(fd_, LOCK_EX) == 0;
  }
  ~Lock() {
    if (fd_ >= 0)
      (void)close(fd_);
  }
  Lock(const Lock &) = delete;
  Lock &operator=(const Lock &) = delete;
  bool is_held() const { return held_; }

private:
  int fd_;
  bool held_ = false;
};

std::string day_of(std::int64_t seconds) {
  std::time_t time = seconds;
  std::tm parts{};
  std::array<char, 32> text{};
  (void)gmtime_r(&time, &parts);
  (void)std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text.data();
}

int write_tokens(const std::string &path, const std::vector<ApiToken> &tokens) {
  auto slash = path.rfind('/');
  std::string error;
  if (write_file(path.substr(0, slash), path.substr(slash + 1), format_tokens(tokens), 0600, error))
    return EX_OK;
  return complain(EX_CANTCREAT, error);
}

struct Wish {
  std::string name;
  std::string label;
  unsigned days = default_token_days;
};

bool read_wish(const std::vector<std::string> &arguments, Wish &wish) {
  for (std::size_t at = 0; at + 1 < arguments.size(); at += 2) {
    const std::string &value = arguments[at + 1];
    if (arguments[at] == "--as" && value.size() <= max_name && is_text(value, Text::line))
      wish.name = value;
    else if (arguments[at] == "--label" && value.size() <= max_label && is_text(value, Text::line))
      wish.label = value;
    else if (arguments[at] == "--days") {
      const char *end = value.data() + value.size();
      auto [rest, failure] = std::from_chars(value.data(), end, wish.days);
      if (failure != std::errc() || rest != end || wish.days == 0 || wish.days > max_token_days)
        return false;
    } else {
      return false;
    }
  }
  return arguments.size() % 2 == 0 && !wish.name.empty();
}

int add(const std::string &path, std::vector<ApiToken> tokens,
        const std::vector<std::string> &arguments) {
  Wish wish;
  if (!read_wish(arguments, wish))
    return usage();
  std::int64_t now = std::time(nullptr);
  std::erase_if(tokens, [now](const ApiToken &token) { return token.expires <= now; });
  if (tokens.size() >= max_tokens)
    return complain(EX_CANTCREAT, path + " has " + std::to_string(max_tokens) +
                                      " tokens, and no more are kept: revoke some");
  std::string secret;
  tokens.push_back(make_api_token(wish.name, wish.label, wish.days, now, secret));
  if (int status = write_tokens(path, tokens); status != EX_OK)
    return status;
  (void)fprintf(stderr, "id %s, until %s. The token is shown this once:\n",
                tokens.back().id.c_str(), day_of(tokens.back().expires).c_str());
  (void)printf("%s\n", secret.c_str());
  return EX_OK;
}

int list(const std::vector<ApiToken> &tokens) {
  (void)printf("id\tname\tmade\texpires\tlabel\n");
  for (const ApiToken &token : tokens)
    (void)printf("%s\t%s\t%s\t%s\t%s\n", token.id.c_str(), terminal_text(token.name).c_str(),
                 day_of(token.made).c_str(), day_of(token.expires).c_str(),
                 terminal_text(token.label).c_str());
  return EX_OK;
}

int revoke(const std::string &path, std::vector<ApiToken> tokens, const std::string &id) {
  if (std::erase_if(tokens, [&id](const ApiToken &token) { return token.id == id; }) == 0)
    return complain(EX_DATAERR, "there is no token with the id " + id);
  return write_tokens(path, tokens);
}

} // namespace

int token_command(const std::string &path, const std::vector<std::string> &arguments) {
  if (arguments.empty())
    return usage();
  Lock lock(path);
  if (!lock.is_held())
    return complain(EX_CANTCREAT, path + ".lock: " + std::strerror(errno));
  TokenFile file(path);
  std::string error;
  const auto *tokens = file.tokens(error);
  if (tokens == nullptr)
    return complain(EX_NOINPUT, error);
  if (arguments[0] == "add")
    return add(path, *tokens, {arguments.begin() + 1, arguments.end()});
  if (arguments[0] == "list" && arguments.size() == 1)
    return list(*tokens);
  if (arguments[0] == "revoke" && arguments.size() == 2)
    return revoke(path, *tokens, arguments[1]);
  return usage();
}

} // namespace smime::desk
