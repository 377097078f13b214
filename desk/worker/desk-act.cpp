// What changes something: acts on messages, and what the bearer of a notice's token may do.
#include "desk/worker/audit.h"
#include "desk/worker/desk.h"

#include <algorithm>
#include <utility>

namespace smime::desk {
namespace {

// Of so many that are not held any more, it is asked what became of them.
constexpr std::size_t max_explained = 20;
// Of many messages, each of which is saved, checked and written to disk.
constexpr unsigned act_seconds = 100;

bool is_recipients(Act act) { return act == Act::release || act == Act::request; }

} // namespace

struct Desk::BulkState {
  Act act{};
  std::vector<ActResult> results;
  // Commands that have not ended.
  std::size_t running = 0;
  std::size_t explained = 0;
};

void Desk::handle(const TaskPtr &task, const Request &request, const ActRequest &body) {
  bool own = task->caller.kind == Kind::recipient;
  if (own && (!is_recipients(body.act) || body.refilter || !body.mailbox.empty())) {
    task->fail(ErrorCode::forbidden, "That is for reviewers.");
    return;
  }
  // One command for each user, in the order in which they were named.
  std::vector<std::pair<std::string, std::vector<std::string>>> groups;
  for (const ItemKey &item : body.items) {
    if (!is_his(*task, item.user)) {
      task->fail(ErrorCode::not_found, "It is not held, or not there for you.");
      return;
    }
    auto group = std::find_if(groups.begin(), groups.end(),
                              [&](const auto &known) { return known.first == item.user; });
    if (group == groups.end())
      group = groups.insert(groups.end(), {item.user, {}});
    if (std::find(group->second.begin(), group->second.end(), item.id) == group->second.end())
      group->second.push_back(item.id);
  }
  tell({event_act, task->caller.name, request.ip, std::string(name_of(task->caller.kind)),
        std::string(name_of(body.act)), body.reason},
       task->caller.name + " asked for " + std::string(name_of(body.act)) + " of " +
           std::to_string(body.items.size()) + " messages from " + request.ip +
           (body.reason.empty() ? "" : " (reason: " + body.reason + ")"));
  auto bulk = std::make_shared<BulkState>();
  bulk->act = body.act;
  bulk->running = groups.size();
  for (auto &[user, ids] : groups)
    act_on_user(task, bulk, body, user, ids);
}

void Desk::act_on_user(const TaskPtr &task, const BulkPtr &bulk, const ActRequest &body,
                       const std::string &user, const std::vector<std::string> &ids) {
  auto done = [this, task, bulk, user, ids](const ProgramResult &result) {
    auto results = act_results(result, user, ids);
    std::move(results.begin(), results.end(), std::back_inserter(bulk->results));
    if (--bulk->running == 0)
      explain_next(task, bulk, 0);
  };
  Job job;
  job.command = act_command(task->caller, body, user, ids);
  job.seconds = act_seconds;
  job.done = done;
  if (runner_.run(task->turn, std::move(job)))
    return;
  ProgramResult busy;
  busy.error = "too much waits to be done; it was not begun";
  done(busy);
}

// A release that is repeated finds nothing: that it was done is no failure.
void Desk::explain_next(const TaskPtr &task, const BulkPtr &bulk, std::size_t number) {
  auto &results = bulk->results;
  while (number < results.size() && !was_missing(results[number]))
    number++;
  if (number == results.size() || bulk->explained == max_explained ||
      task->caller.kind != Kind::reviewer) {
    task->answer(ActAnswer{std::move(results)});
    return;
  }
  bulk->explained++;
  ItemKey item{results[number].id, results[number].user};
  run(task, history_command(task->caller, item),
      [this, task, bulk, number](const ProgramResult &result) {
        if (result.status == 0)
          explain_missing(bulk->results[number], bulk->act,
                          rows_of(result.output).value_or(std::vector<Row>()));
        explain_next(task, bulk, number + 1);
      });
}

// --- with the token of a notice

void Desk::with_token(const TaskPtr &task, const std::string &token,
                      const std::function<void(TokenAnswer)> &then) {
  run(task, token_check_command(token), [task, then](const ProgramResult &result) {
    auto answer = token_answer(result);
    if (answer)
      then(std::move(*answer));
    else
      task->answer(token_failure(result));
  });
}

void Desk::handle(const TaskPtr &task, const Request & /*request*/, const TokenCheckRequest &body) {
  with_token(task, body.token, [this, task](const TokenAnswer &token) {
    // He sees his own message, as far as the rule that held it lets him.
    task->caller.name = token.user;
    task->caller.kind = Kind::recipient;
    run(task, show_command(task->caller, {token.id, token.user}),
        [task, token](const ProgramResult &result) {
          auto failure = failure_of(result);
          if (failure && failure->code == ErrorCode::not_found) {
            task->answer(std::move(*failure));
            return;
          }
          TokenAnswer answer = token;
          auto rows = result.status == 0 ? rows_of(result.output) : std::nullopt;
          if (rows && rows->size() == 1)
            answer.item = item_of(rows->front());
          answer.item.id = token.id;
          answer.item.user = token.user;
          task->answer(std::move(answer));
        });
  });
}

void Desk::handle(const TaskPtr &task, const Request &request, const TokenActRequest &body) {
  with_token(task, body.token, [this, task, body, ip = request.ip](const TokenAnswer &token) {
    run(task, token_act_command(body, {token.id, token.user}, ip),
        [task, token](const ProgramResult &result) {
          task->answer(ActAnswer{act_results(result, token.user, {token.id})});
        });
  });
}

} // namespace smime::desk
