// Logins. A reviewer is who logs in by a master passdb and whom a role names; anybody else who
// logs in is the recipient of his own mail.
//
// What a refused login costs in time must not say whether the name is a reviewer's, or anybody's:
// each is refused after two attempts that failed, whose delays are auth's. The first has auth's
// penalty for the address, so that to guess costs as much as over IMAP; the second has none, since
// one login is no two guesses.
#include "desk/worker/audit.h"
#include "desk/worker/desk.h"

#include <array>
#include <arpa/inet.h>
#include <sysexits.h>
#include <utility>

namespace smime::desk {
namespace {

// At a time.
constexpr std::size_t max_logins = 64;
constexpr std::size_t max_logins_of_address = 8;

// A name that nobody has, for an attempt that is to fail.
constexpr const char *nobody = "smime-desk-nobody";
constexpr const char *refused_text = "The name or the password is wrong.";

} // namespace

struct Desk::LoginState {
  TaskPtr task;
  LoginRequest wish;
  // Of the name as it was given; nullopt if no role names it.
  std::optional<Rights> rights;
  // Counts it among those that are tried, as long as it lives.
  std::shared_ptr<void> counted;

  LoginTry attempt(const std::string &master_login, bool penalty) const {
    return {wish.name, wish.password, task->caller.ip, wish.secure, master_login, penalty};
  }
};

// Who has an IPv6 address has the 64 bits behind its network.
std::string turn_of_address(const std::string &ip) {
  std::array<unsigned char, 16> bytes{};
  if (inet_pton(AF_INET6, ip.c_str(), bytes.data()) != 1)
    return ip;
  constexpr std::size_t network = 8;
  std::string text;
  for (std::size_t at = 0; at < network; at++)
    text += std::to_string(bytes.at(at)) + ".";
  // What is mapped from IPv4 is no network.
  return text == "0.0.0.0.0.0.0.0." ? ip : text;
}

void Desk::handle(const TaskPtr &task, const Request &request, const LoginRequest &body) {
  ip_addr address;
  if (net_addr2ip(request.ip.c_str(), &address) < 0) {
    task->fail(ErrorCode::invalid, "It is not said where the login comes from.");
    return;
  }
  std::string place = turn_of_address(request.ip);
  auto of_address = trying_.find(place);
  if (trying_count_ >= max_logins ||
      (of_address != trying_.end() && of_address->second >= max_logins_of_address)) {
    task->fail(ErrorCode::busy, "Too many logins are tried; try again in a moment.");
    return;
  }
  trying_[place]++;
  trying_count_++;
  auto login = std::make_shared<LoginState>();
  login->counted = std::shared_ptr<void>(nullptr, [this, place](void *) {
    trying_count_--;
    if (--trying_[place] == 0)
      trying_.erase(place);
  });
  login->task = task;
  login->wish = body;
  run(task, rights_command(body.name, request.ip), [this, login](const ProgramResult &result) {
    login->rights = rights_of(result);
    // Whether the name is a reviewer's is not known: the password may well be right.
    if (!login->rights && result.status != EX_USAGE) {
      login_unavailable(login);
      return;
    }
    if (login->rights && !login->rights->reviewer)
      login->rights.reset();
    try_first(login);
  });
}

void Desk::try_first(const LoginPtr &login) {
  bool master = login->rights.has_value();
  LoginTry wish = login->attempt(master ? config_.master_login : "", true);
  logins_.attempt(wish, [this, login, master](const LoginOutcome &outcome) {
    switch (outcome.end) {
    case LoginEnd::ok: logged_in(login, outcome.name, master); break;
    case LoginEnd::refused: try_second(login); break;
    case LoginEnd::unavailable: login_unavailable(login); break;
    }
  });
}

void Desk::try_second(const LoginPtr &login) {
  bool again = login->rights.has_value();
  LoginTry wish = login->attempt("", false);
  // The same again would count twice where accounts are locked after some failures.
  if (!again)
    wish.name = nobody;
  logins_.attempt(wish, [this, login, again](const LoginOutcome &outcome) {
    if (outcome.end == LoginEnd::unavailable)
      login_unavailable(login);
    else if (again && outcome.end == LoginEnd::ok)
      logged_in(login, outcome.name, false);
    else
      refuse_login(login);
  });
}

void Desk::logged_in(const LoginPtr &login, const std::string &name, bool master) {
  // Roles know names letter by letter: the name that counts is auth's.
  if (!is_one_user(name)) {
    refuse_login(login);
    return;
  }
  if (!master && config_.reviewer_logins == ReviewerLogins::master) {
    begin_session(login, name, nullptr);
    return;
  }
  run(login->task, rights_command(name, login->task->caller.ip),
      [this, login, name, master](const ProgramResult &result) {
        auto rights = rights_of(result);
        bool reviewer = rights && rights->reviewer;
        if (!rights)
          login_unavailable(login);
        else if (master && !reviewer)
          refuse_login(login);
        else
          begin_session(login, name, reviewer ? &*rights : nullptr);
      });
}

void Desk::begin_session(const LoginPtr &login, const std::string &name, const Rights *rights) {
  Kind kind = rights == nullptr ? Kind::recipient : Kind::reviewer;
  std::vector<std::string> acts =
      rights == nullptr ? std::vector<std::string>{"list", "show", "preview", "request", "release"}
                        : rights->acts;
  auto secret = sessions_.begin(name, kind, acts, steady_seconds());
  if (!secret) {
    login->task->fail(ErrorCode::busy, "Too many are logged in; try again later.");
    return;
  }
  tell({event_login, name, login->task->caller.ip, std::string(name_of(kind)), {}, {}},
       name + " logged in as " + std::string(name_of(kind)) + " from " + login->task->caller.ip);
  const Session *session = sessions_.find(*secret, steady_seconds());
  login->task->answer(Identity{*secret, session->csrf, name, kind, std::move(acts)});
}

void Desk::refuse_login(const LoginPtr &login) {
  const std::string &name = login->wish.name;
  tell({event_login_refused, name, login->task->caller.ip, {}, {}, {}},
       "a login as " + name + " from " + login->task->caller.ip + " was refused");
  login->task->fail(ErrorCode::login_refused, refused_text);
}

void Desk::login_unavailable(const LoginPtr &login) {
  login->task->fail(ErrorCode::unavailable,
                    "Nobody can log in now: a part of Dovecot does not answer. Try again later.");
}

} // namespace smime::desk
