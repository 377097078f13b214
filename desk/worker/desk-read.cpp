// What is read: lists, messages, their parts, the overview.
#include "desk/worker/desk.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace smime::desk {
namespace {

constexpr unsigned download_seconds = 600;
constexpr const char *not_yours = "It is not held, or not there for you.";

// Items of one list, or what went wrong.
struct Listed {
  std::vector<Item> items;
  std::optional<Failure> failure;
};

Listed listed_of(const ProgramResult &result) {
  Listed listed;
  auto rows = rows_of(result.output);
  listed.failure = failure_of(result);
  if (!listed.failure && !rows)
    listed.failure = Failure{ErrorCode::unavailable, "The list cannot be read."};
  for (const Row &row : rows.value_or(std::vector<Row>()))
    listed.items.push_back(item_of(row));
  return listed;
}

bool is_by_time(const std::string &sort) {
  return sort.empty() || sort == "time" || sort == "-time";
}

// Cuts what is beyond limit; says where it goes on then.
std::string cut(std::vector<Item> &items, std::size_t limit, const std::string &state) {
  if (items.size() <= limit)
    return {};
  items.resize(limit);
  return write_cursor({state, cursor_behind(items.back())});
}

} // namespace

bool Desk::is_his(const Task &task, const std::string &user) const {
  return task.caller.kind == Kind::reviewer || user == task.caller.name;
}

void Desk::handle(const TaskPtr &task, const Request & /*request*/, const ListRequest &body) {
  if (task->caller.kind == Kind::recipient) {
    list_own(task, body);
    return;
  }
  auto cursor =
      body.after.empty() ? Cursor{} : read_cursor(body.after).value_or(Cursor{"none", ""});
  bool in_order = body.filter.state.empty() && body.sort.empty();
  std::string state = in_order                    ? cursor.state
                      : body.filter.state.empty() ? "all"
                                                  : body.filter.state;
  bool fits = body.after.empty() || (cursor.state == state && is_by_time(body.sort) &&
                                     (!in_order || state == "requested" || state == "held"));
  if (!fits) {
    task->fail(ErrorCode::invalid, "The place where the list goes on is none of this list.");
    return;
  }
  cursor.state = state;
  if (in_order && state != "held")
    list_all(task, body, cursor);
  else
    list_state(task, body, cursor);
}

void Desk::list_own(const TaskPtr &task, const ListRequest &body) {
  run(task, own_list_command(task->caller, body.filter), [task, body](const ProgramResult &result) {
    Listed listed = listed_of(result);
    if (listed.failure)
      task->answer(std::move(*listed.failure));
    else
      task->answer(own_page(std::move(listed.items), body));
  });
}

void Desk::list_state(const TaskPtr &task, const ListRequest &body, const Cursor &cursor) {
  run(task,
      list_command(task->caller, body, cursor.state == "all" ? "" : cursor.state, body.limit + 1,
                   cursor.row),
      [task, body, cursor](const ProgramResult &result) {
        Listed listed = listed_of(result);
        if (listed.failure) {
          task->answer(std::move(*listed.failure));
          return;
        }
        ListAnswer answer;
        answer.items = std::move(listed.items);
        answer.next = cut(answer.items, body.limit, cursor.state);
        if (!is_by_time(body.sort))
          answer.next.clear();
        task->answer(std::move(answer));
      });
}

// Requests, and behind them what is held: one after the other. What is asked for meanwhile brings
// the register up to date; two at once would not agree on a message that was requested just now.
void Desk::list_all(const TaskPtr &task, const ListRequest &body, const Cursor &cursor) {
  run(task, list_command(task->caller, body, "requested", body.limit + 1, cursor.row),
      [this, task, body, first = cursor.row.empty()](const ProgramResult &result) {
        Listed requested = listed_of(result);
        if (requested.failure) {
          task->answer(std::move(*requested.failure));
          return;
        }
        ListAnswer answer;
        answer.items = std::move(requested.items);
        if (first && answer.items.size() <= body.limit)
          answer.waiting = answer.items.size();
        answer.next = cut(answer.items, body.limit, "requested");
        if (answer.next.empty())
          list_held_behind(task, body, std::move(answer));
        else
          task->answer(std::move(answer));
      });
}

void Desk::list_held_behind(const TaskPtr &task, const ListRequest &body, ListAnswer answer) {
  auto room = static_cast<unsigned>(body.limit - answer.items.size());
  run(task, list_command(task->caller, body, "held", room + 1, ""),
      [task, room, answer = std::move(answer)](const ProgramResult &result) mutable {
        Listed held = listed_of(result);
        if (held.failure) {
          task->answer(std::move(*held.failure));
          return;
        }
        bool none_fits = room == 0 && !held.items.empty();
        answer.next = none_fits ? write_cursor({"held", ""}) : cut(held.items, room, "held");
        if (!none_fits)
          std::move(held.items.begin(), held.items.end(), std::back_inserter(answer.items));
        task->answer(std::move(answer));
      });
}

// --- one message

void Desk::handle(const TaskPtr &task, const Request & /*request*/, const ShowRequest &body) {
  if (!is_his(*task, body.item.user)) {
    task->fail(ErrorCode::not_found, not_yours);
    return;
  }
  struct Both {
    std::optional<ProgramResult> shown;
    std::optional<ProgramResult> history;
  };
  auto both = std::make_shared<Both>();
  auto answer = [task, both, item = body.item] {
    if (!both->shown || !both->history)
      return;
    auto rows = rows_of(both->shown->output);
    auto history = rows_of(both->history->output).value_or(std::vector<Row>());
    auto failure = failure_of(*both->shown);
    if (!failure && rows && rows->size() == 1) {
      task->answer(show_answer(rows->front(), history));
    } else if (failure && failure->code == ErrorCode::not_found && !history.empty()) {
      task->answer(gone_answer(item, history));
    } else {
      task->answer(failure.value_or(Failure{ErrorCode::not_found, not_yours}));
    }
  };
  bool wants_history = task->caller.kind == Kind::reviewer;
  // What reviewers did and said is not for recipients.
  if (!wants_history)
    both->history = ProgramResult{};
  bool ok = start(task, show_command(task->caller, body.item),
                  [both, answer](const ProgramResult &result) {
                    both->shown = result;
                    answer();
                  });
  if (ok && wants_history)
    run(task, history_command(task->caller, body.item),
        [both, answer](const ProgramResult &result) {
          both->history = result;
          answer();
        });
}

void Desk::handle(const TaskPtr &task, const Request & /*request*/, const PartsRequest &body) {
  if (!is_his(*task, body.item.user)) {
    task->fail(ErrorCode::not_found, not_yours);
    return;
  }
  run(task, preview_command(task->caller, body.item, config_.html_view),
      [task](const ProgramResult &result) {
        auto parts = parts_answer(result);
        if (parts)
          task->answer(std::move(*parts));
        else
          task->answer(failure_of(result).value_or(
              Failure{ErrorCode::unavailable, "The parts of the message cannot be read."}));
      });
}

void Desk::handle(const TaskPtr &task, const Request & /*request*/, const OriginalRequest &body) {
  if (task->caller.kind != Kind::reviewer) {
    task->fail(ErrorCode::forbidden, "Originals are for reviewers whose role says download.");
    return;
  }
  Job job;
  job.command = download_command(task->caller, body.item);
  job.seconds = download_seconds;
  job.stream = [task](std::string_view bytes) {
    task->sink->send({task->id, true, DataAnswer{std::string(bytes)}});
  };
  job.is_full = [task] { return task->sink->is_full(); };
  job.is_unwanted = [task] { return task->sink->is_gone(); };
  job.done = [task](const ProgramResult &result) {
    auto failure = failure_of(result);
    if (failure)
      task->answer(std::move(*failure));
    else
      task->answer(DataAnswer{});
  };
  if (!runner_.run(task->turn, std::move(job)))
    task->fail(ErrorCode::busy, "Too much waits to be done; try again in a moment.");
}

void Desk::handle(const TaskPtr &task, const Request & /*request*/, const OverviewRequest &body) {
  if (task->caller.kind != Kind::reviewer) {
    task->fail(ErrorCode::forbidden, "The overview is for reviewers.");
    return;
  }
  run(task, overview_command(task->caller, body.days), [task](const ProgramResult &result) {
    auto overview = overview_answer(result);
    if (overview)
      task->answer(std::move(*overview));
    else
      task->answer(failure_of(result).value_or(
          Failure{ErrorCode::unavailable, "The overview cannot be read."}));
  });
}

} // namespace smime::desk
