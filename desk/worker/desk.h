// What the worker does with each request of the web process: who asks is found out here, and
// nothing that the web process says of it is believed but the secret that the browser has.
#ifndef SMIME_DESK_DESK_H
#define SMIME_DESK_DESK_H

#include "desk/protocol/answer.h"
#include "desk/protocol/config.h"
#include "desk/protocol/request.h"
#include "desk/worker/logins.h"
#include "desk/worker/replies.h"
#include "desk/worker/runner.h"
#include "desk/worker/sessions.h"
#include "desk/worker/tokens.h"

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace smime::desk {

// Where answers go; it may be gone when they come.
class AnswerSink {
public:
  AnswerSink() = default;
  virtual ~AnswerSink() = default;
  AnswerSink(const AnswerSink &) = delete;
  AnswerSink &operator=(const AnswerSink &) = delete;

  virtual void send(const Answer &answer) = 0;
  virtual bool is_full() const = 0;
  virtual bool is_gone() const = 0;
};
using SinkPtr = std::shared_ptr<AnswerSink>;

// Whose requests wait together: an address, or the network of one.
std::string turn_of_address(const std::string &ip);

// Seconds that no change of the clock turns back.
std::int64_t steady_seconds();

class Desk {
public:
  explicit Desk(const DeskConfig &config);

  // Answers now or later.
  void take(const SinkPtr &sink, const Request &request);
  // Sessions whose time is over, and servers that nobody needs.
  void forget_old();

private:
  struct Task {
    SinkPtr sink;
    std::uint64_t id = 0;
    Caller caller{};
    std::vector<std::string> acts;
    std::string csrf;
    // Whose turn it is in the runner.
    std::string turn;

    void answer(AnswerBody body) const { sink->send({id, false, std::move(body)}); }
    void fail(ErrorCode code, const std::string &text) const { answer(Failure{code, text}); }
  };
  using TaskPtr = std::shared_ptr<Task>;
  using Then = std::function<void(const ProgramResult &)>;
  struct LoginState;
  using LoginPtr = std::shared_ptr<LoginState>;
  struct BulkState;
  using BulkPtr = std::shared_ptr<BulkState>;

  // Finds out who asks; false if nobody may, which was answered.
  bool know_caller(const Request &request, Task &task);
  bool know_bearer(const std::string &token, Task &task);
  // Runs a command; where that cannot be, answers so, and start() says so as well.
  void run(const TaskPtr &task, Command command, Then then) {
    (void)start(task, std::move(command), std::move(then));
  }
  bool start(const TaskPtr &task, Command command, Then then);

  void handle(const TaskPtr &task, const Request &request, const LoginRequest &body);
  void handle(const TaskPtr &task, const Request &request, const LogoutRequest &body);
  void handle(const TaskPtr &task, const Request &request, const WhoamiRequest &body);
  void handle(const TaskPtr &task, const Request &request, const ListRequest &body);
  void handle(const TaskPtr &task, const Request &request, const ShowRequest &body);
  void handle(const TaskPtr &task, const Request &request, const PartsRequest &body);
  void handle(const TaskPtr &task, const Request &request, const OriginalRequest &body);
  void handle(const TaskPtr &task, const Request &request, const ActRequest &body);
  void handle(const TaskPtr &task, const Request &request, const OverviewRequest &body);
  void handle(const TaskPtr &task, const Request &request, const TokenCheckRequest &body);
  void handle(const TaskPtr &task, const Request &request, const TokenActRequest &body);

  void try_first(const LoginPtr &login);
  void try_second(const LoginPtr &login);
  void logged_in(const LoginPtr &login, const std::string &name, bool master);
  void begin_session(const LoginPtr &login, const std::string &name, const Rights *rights);
  void refuse_login(const LoginPtr &login);
  void login_unavailable(const LoginPtr &login);

  void list_own(const TaskPtr &task, const ListRequest &body);
  void list_all(const TaskPtr &task, const ListRequest &body, const Cursor &cursor);
  void list_held_behind(const TaskPtr &task, const ListRequest &body, ListAnswer answer);
  void list_state(const TaskPtr &task, const ListRequest &body, const Cursor &cursor);
  bool is_his(const Task &task, const std::string &user) const;
  void act_on_user(const TaskPtr &task, const BulkPtr &bulk, const ActRequest &body,
                   const std::string &user, const std::vector<std::string> &ids);
  void explain_next(const TaskPtr &task, const BulkPtr &bulk, std::size_t number);
  void with_token(const TaskPtr &task, const std::string &token,
                  const std::function<void(TokenAnswer)> &then);

  DeskConfig config_;
  Sessions sessions_;
  TokenFile tokens_;
  std::string told_of_tokens_;
  // How many logins of an address are tried now.
  std::map<std::string, std::size_t> trying_;
  std::size_t trying_count_ = 0;
  // These two end before the others, and tell those who wait.
  Runner runner_;
  Logins logins_;
};

} // namespace smime::desk

#endif
