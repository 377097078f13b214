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

// Whom a master login names as the user whose mail it wants: nobody. The reviewer gets no mailbox
// by it; auth has to hear of somebody else to take it for a master login.
inline constexpr const char *nobodys_login = "smime-desk";

struct LoginTry {
  std::string name;
  std::string password;
  std::string ip;
  bool secure = false;
  // By a passdb with master=yes; else an ordinary login.
  bool master = false;
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
