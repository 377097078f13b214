#include "desk/worker/desk.h"

#include "desk/worker/audit.h"
#include "common/safe-text.h"
#include "plugin/dovecot/ptr.h"

#include <ctime>
#include <utility>
#include <variant>

namespace smime::desk {
namespace {

constexpr unsigned command_seconds = 60;
// In base_dir, where the service runs.
constexpr const char *auth_socket = "auth-client";
constexpr const char *doveadm_socket = "smime-desk-doveadm";

bool needs_no_session(const RequestBody &body) {
  return std::holds_alternative<LoginRequest>(body) ||
         std::holds_alternative<TokenCheckRequest>(body) ||
         std::holds_alternative<TokenActRequest>(body);
}

} // namespace

std::int64_t steady_seconds() {
  timespec now{};
  (void)clock_gettime(CLOCK_BOOTTIME, &now);
  return now.tv_sec;
}

Desk::Desk(const DeskConfig &config)
    : config_(config), sessions_({static_cast<std::int64_t>(config.idle_time),
                                  static_cast<std::int64_t>(config.absolute_time)}),
      tokens_(config.token_file), runner_(doveadm_socket), logins_(auth_socket) {}

void Desk::forget_old() {
  sessions_.forget_old(steady_seconds());
  runner_.close_old();
}

bool Desk::know_bearer(const std::string &token, Task &task) {
  std::string error;
  const auto *tokens = tokens_.tokens(error);
  if (!error.empty() && error != told_of_tokens_)
    i_error("smime: desk: %s", log_text(error).c_str());
  told_of_tokens_ = error;
  const ApiToken *found =
      tokens == nullptr ? nullptr : find_token(*tokens, token, std::time(nullptr));
  if (found == nullptr) {
    task.fail(ErrorCode::session, "The API token is not known, or its time is over.");
    return false;
  }
  task.caller.name = found->name;
  task.caller.kind = Kind::reviewer;
  task.turn = "token " + found->id;
  return true;
}

bool Desk::know_caller(const Request &request, Task &task) {
  if (!request.bearer.empty() && request.session.empty())
    return know_bearer(request.bearer, task);
  const Session *session =
      request.bearer.empty() ? sessions_.find(request.session, steady_seconds()) : nullptr;
  if (session == nullptr) {
    task.fail(ErrorCode::session, "Nobody is logged in, or not any more.");
    return false;
  }
  task.caller.name = session->name;
  task.caller.kind = session->kind;
  task.acts = session->acts;
  task.csrf = session->csrf;
  task.turn = "session " + std::to_string(session->number);
  return true;
}

void Desk::take(const SinkPtr &sink, const Request &request) {
  auto task = std::make_shared<Task>();
  task->sink = sink;
  task->id = request.id;
  task->caller.ip = request.ip;
  task->turn = "address " + turn_of_address(request.ip);
  if (!needs_no_session(request.body) && !know_caller(request, *task))
    return;
  if (std::string wrong = wrong_request(request); !wrong.empty()) {
    task->fail(ErrorCode::invalid, wrong);
    return;
  }
  std::visit([&](const auto &body) { handle(task, request, body); }, request.body);
}

bool Desk::start(const TaskPtr &task, Command command, Then then) {
  Job job;
  job.command = std::move(command);
  job.seconds = command_seconds;
  // Pages say no more than that it cannot be done now.
  job.done = [then = std::move(then)](const ProgramResult &result) {
    if (result.status < 0)
      i_error("smime: desk: %s", log_text(result.error).c_str());
    then(result);
  };
  if (runner_.run(task->turn, std::move(job)))
    return true;
  task->fail(ErrorCode::busy, "Too much waits to be done; try again in a moment.");
  return false;
}

// --- who asks

void Desk::handle(const TaskPtr &task, const Request &request, const LogoutRequest & /*body*/) {
  auto session = sessions_.end(request.session);
  if (session)
    tell({event_logout, session->name, request.ip, std::string(name_of(session->kind)), {}, {}},
         session->name + " logged out");
  task->answer(EmptyAnswer{});
}

void Desk::handle(const TaskPtr &task, const Request &request, const WhoamiRequest & /*body*/) {
  Identity identity{{}, task->csrf, task->caller.name, task->caller.kind, task->acts};
  if (request.bearer.empty()) {
    task->answer(std::move(identity));
    return;
  }
  run(task, rights_command(task->caller.name, task->caller.ip),
      [task, identity](const ProgramResult &result) {
        Identity known = identity;
        if (auto rights = rights_of(result))
          known.acts = rights->acts;
        task->answer(std::move(known));
      });
}

} // namespace smime::desk
