// Logins by Dovecot's auth, as those over IMAP: its passdbs, its log, its penalty for an address
// that guesses.
#ifndef SMIME_DESK_LOGINS_H
#define SMIME_DESK_LOGINS_H

#include "plugin/dovecot/ptr.h"

#include <functional>
#include <memory>
#include <string>

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

  // The taker is called later; at once if auth is not there.
  void attempt(const LoginTry &wish, Taker taker);

  // For the event loop: nullptr if it has ended already.
  struct Attempt {
    auth_client *client = nullptr;
    bool master = false;
    Taker taker;
  };

private:
  auth_client *client_;
};

} // namespace smime::desk

#endif
