// Logins by Dovecot's auth, as those over IMAP: its passdbs, its log, its penalty for an address
// that guesses.
#ifndef SMIME_DESK_LOGINS_H
#define SMIME_DESK_LOGINS_H

#include "plugin/dovecot/ptr.h"

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

extern "C" {
#include "auth-client.h"
}

namespace smime::desk {

struct LoginTry {
  std::string name;
  std::string password;
  std::string ip;
  bool secure = false;
  // As whom he logs in by a passdb with master=yes; empty: an ordinary login.
  std::string master_login;
  // Whether auth's penalty holds for it, and is made by it.
  bool penalty = true;
};

enum class LoginEnd : unsigned char { ok, refused, unavailable };

struct LoginOutcome {
  LoginEnd end = LoginEnd::refused;
  // As auth has it: of a master login the master's. Only with ok.
  std::string name;
};

class Logins {
public:
  using Taker = std::function<void(LoginOutcome)>;

  // socket: auth-client in base_dir.
  explicit Logins(const char *socket);
  ~Logins();
  Logins(const Logins &) = delete;
  Logins &operator=(const Logins &) = delete;

  // The taker is called later. As long as auth is not there, the attempt waits, for a bounded time.
  void attempt(const LoginTry &wish, Taker taker);

  // For the event loop: auth is there, or was waited for long enough.
  void end_wait();

  // For the event loop: nullptr if it has ended already.
  struct Attempt {
    auth_client *client = nullptr;
    bool master = false;
    Taker taker;
  };

private:
  void begin(const LoginTry &wish, Taker taker);

  auth_client *client_;
  std::vector<std::pair<LoginTry, Taker>> waiting_;
  timeout *patience_ = nullptr;
};

} // namespace smime::desk

#endif
