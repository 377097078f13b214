#include "desk/worker/logins.h"

#include "desk/protocol/base64.h"

#include <string_view>
#include <unistd.h>
#include <utility>

namespace smime::desk {
namespace {

constexpr const char *service_name = "smime-desk";
// For auth to say that it is there: of a service that was just started, or of auth itself.
constexpr unsigned patience_milliseconds = 5000;

std::string plain_response(const LoginTry &wish) {
  std::string response = wish.master_login;
  response += '\0';
  response += wish.name;
  response += '\0';
  response += wish.password;
  return to_base64(response);
}

// What auth says of who it is. Nullopt where it must not count as a login here.
std::string name_in(const char *const *args, bool master) {
  std::string user;
  std::string authenticated;
  for (; args != nullptr && *args != nullptr; args++) {
    std::string_view field = *args;
    if (field.starts_with("user="))
      user = field.substr(5);
    else if (field.starts_with("auth_user="))
      authenticated = field.substr(10);
    // Of a proxy's user auth may have left the password to the other server.
    else if (field == "nologin" || field == "proxy" || field == "anonymous" ||
             field.starts_with("proxy=y") || field.starts_with("nologin=y"))
      return {};
  }
  if (master)
    return authenticated;
  // "anna*carla" is carla, who may open Anna's mailbox: she is not Anna.
  return authenticated.empty() || authenticated == user ? user : std::string();
}

extern "C" void auth_answered(auth_client_request *request, auth_request_status status,
                              const char * /*data_base64*/, const char *const *args,
                              void *context) noexcept {
  (void)guarded("a login", false, [&] {
    std::unique_ptr<Logins::Attempt> attempt(static_cast<Logins::Attempt *>(context));
    LoginOutcome outcome;
    switch (status) {
    case AUTH_REQUEST_STATUS_OK:
      outcome.name = name_in(args, attempt->master);
      outcome.end = outcome.name.empty() ? LoginEnd::refused : LoginEnd::ok;
      // No service of the master's comes to fetch it.
      auth_client_send_cancel(attempt->client, auth_client_request_get_id(request));
      break;
    case AUTH_REQUEST_STATUS_CONTINUE:
      // PLAIN has all in its first response. This comes back here, as aborted.
      (void)attempt.release();
      auth_client_request_abort(&request, "PLAIN asks nothing");
      return true;
    case AUTH_REQUEST_STATUS_FAIL: break;
    case AUTH_REQUEST_STATUS_ABORT:
    case AUTH_REQUEST_STATUS_INTERNAL_FAIL: outcome.end = LoginEnd::unavailable; break;
    }
    attempt->taker(std::move(outcome));
    return true;
  });
}

extern "C" void auth_came(auth_client * /*client*/, bool connected, void *context) noexcept {
  // One that goes comes again, within the patience that there is.
  if (!connected)
    return;
  (void)guarded("logins that waited for auth", false, [&] {
    static_cast<Logins *>(context)->end_wait();
    return true;
  });
}

extern "C" void patience_over(void *context) noexcept {
  (void)guarded("logins that waited for auth", false, [&] {
    static_cast<Logins *>(context)->end_wait();
    return true;
  });
}

auth_request_info info_of(const LoginTry &wish, const std::string &response) {
  auth_request_info info{};
  unsigned flags = wish.penalty ? 0 : static_cast<unsigned>(AUTH_REQUEST_FLAG_NO_PENALTY);
#ifdef SMIME_DOVECOT_24
  info.protocol = service_name;
  if (wish.secure)
    flags |= AUTH_REQUEST_FLAG_CONN_SECURED | AUTH_REQUEST_FLAG_CONN_SECURED_TLS;
#else
  info.service = service_name;
  if (wish.secure)
    flags |= AUTH_REQUEST_FLAG_SECURED | AUTH_REQUEST_FLAG_TRANSPORT_SECURITY_TLS;
#endif
  info.mech = "PLAIN";
  info.flags = static_cast<auth_request_flags>(flags);
  if (net_addr2ip(wish.ip.c_str(), &info.remote_ip) < 0)
    info.remote_ip.family = 0;
  info.real_remote_ip = info.remote_ip;
  info.initial_resp_base64 = response.c_str();
  return info;
}

} // namespace

Logins::Logins(const char *socket)
    : client_(auth_client_init(socket, static_cast<unsigned>(getpid()), false)) {
  auth_client_set_connect_notify(client_, auth_came, this);
  auth_client_connect(client_);
}

Logins::~Logins() {
  if (patience_ != nullptr)
    timeout_remove(&patience_);
  auth_client_set_connect_notify(client_, nullptr, nullptr);
  auth_client_deinit(&client_);
}

void Logins::attempt(const LoginTry &wish, Taker taker) {
  if (auth_client_is_connected(client_)) {
    begin(wish, std::move(taker));
    return;
  }
  if (auth_client_is_disconnected(client_))
    auth_client_connect(client_);
  waiting_.emplace_back(wish, std::move(taker));
  if (patience_ == nullptr)
    patience_ = (timeout_add)(patience_milliseconds, __FILE__, __LINE__, patience_over, this);
}

void Logins::end_wait() {
  if (patience_ != nullptr)
    timeout_remove(&patience_);
  bool is_there = auth_client_is_connected(client_);
  for (auto &[wish, taker] : std::exchange(waiting_, {})) {
    if (is_there)
      begin(wish, std::move(taker));
    else
      taker({LoginEnd::unavailable, {}});
  }
}

void Logins::begin(const LoginTry &wish, Taker taker) {
  std::string response = plain_response(wish);
  auth_request_info info = info_of(wish, response);
  auto attempt =
      std::make_unique<Attempt>(Attempt{client_, !wish.master_login.empty(), std::move(taker)});
  (void)auth_client_request_new(client_, &info, auth_answered, attempt.release());
}

} // namespace smime::desk
