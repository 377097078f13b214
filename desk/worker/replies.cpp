#include "desk/worker/replies.h"

#include "desk/protocol/object-reader.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <sstream>
#include <sysexits.h>
#include <tuple>
#include <utility>

namespace smime::desk {
namespace {

using nlohmann::json;

// Dovecot's, in doveadm.h.
constexpr int not_found_status = 68;
// Approved, and another reviewer's approval is waited for.
constexpr int approved_status = 76;
constexpr std::size_t max_told = 1000;

std::string value_of(const Row &row, const char *name) {
  auto found = row.find(name);
  return found == row.end() ? std::string() : found->second;
}

std::vector<std::string> words_of(const std::string &text) {
  std::istringstream input(text);
  std::vector<std::string> words;
  for (std::string word; input >> word;)
    words.push_back(word);
  return words;
}

std::uint64_t number_of(std::string_view text) {
  std::uint64_t number = 0;
  (void)std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

// Numbers and truths as text, as all that is in a table.
std::string text_of(const json &value) {
  if (value.is_string())
    return value.get<std::string>();
  return value.is_null() ? std::string()
                         : value.dump(-1, ' ', false, json::error_handler_t::replace);
}

// "doveadm(anna): Error: it failed" -> "it failed". The last line says most.
std::string told_by(const std::string &errors) {
  std::string told;
  std::istringstream lines(errors);
  for (std::string line; std::getline(lines, line);) {
    for (std::string_view level : {"Error: ", "Fatal: ", "Warning: "}) {
      // A line without one is of a usage, or goes on.
      if (auto found = line.find(level); found != std::string::npos)
        told = line.substr(found + level.size());
    }
  }
  if (told.starts_with("smime: "))
    told.erase(0, std::string_view("smime: ").size());
  if (told.size() > max_told)
    told.resize(max_told);
  return told;
}

struct Ending {
  int status;
  ErrorCode code;
  const char *text;
};
// The same of a user who is not there: whom there is is nothing that every reviewer may find out.
constexpr const char *not_there = "It is not held, or not there for you.";
constexpr std::array<Ending, 7> endings{
    {{EX_USAGE, ErrorCode::invalid, "The command was not understood."},
     {EX_DATAERR, ErrorCode::forbidden, "The token is refused."},
     {EX_NOUSER, ErrorCode::not_found, not_there},
     {not_found_status, ErrorCode::not_found, not_there},
     {approved_status, ErrorCode::conflict, "It waits for another reviewer's approval."},
     {EX_NOPERM, ErrorCode::forbidden, "Your role does not allow it."},
     {EX_CONFIG, ErrorCode::unavailable, "The mail server's settings do not allow it."}}};

// Who did it, without what the audit has of everything that was done at the desk.
std::string person_of(std::string who) {
  constexpr std::string_view here = " (as the review desk says)";
  if (who.ends_with(here))
    who.resize(who.size() - here.size());
  return who;
}

std::vector<HistoryEntry> history_of(const std::vector<Row> &rows) {
  std::vector<HistoryEntry> entries;
  for (const Row &row : rows)
    entries.push_back({value_of(row, "when"), value_of(row, "state"),
                       person_of(value_of(row, "who")), value_of(row, "why")});
  return entries;
}

// How the commands say it.
constexpr const char *missing = "not in the quarantine";

struct Outcome {
  const char *beginning;
  const char *result;
};
// By how the words of a command's column "result" begin; the first that fits counts.
constexpr std::array<Outcome, 8> outcomes{{{"approved", "approved"},
                                           {"refused", "refused"},
                                           {"failed: ", "failed"},
                                           {missing, "failed"},
                                           {"held for ", "failed"},
                                           {"was ", "already"},
                                           {"is held until then", "already"},
                                           {"", "done"}}};

ActResult result_of(const Row &row, const std::string &user) {
  ActResult result{value_of(row, "id"), user, "done", value_of(row, "result")};
  // Of "inspect", which says what differs from what was found before.
  if (row.find("result") == row.end()) {
    result.text = value_of(row, "changes");
    if (result.text.empty())
      result.text = "nothing differs from what was found before";
    return result;
  }
  for (const auto &[beginning, word] : outcomes) {
    if (!result.text.starts_with(beginning))
      continue;
    result.result = word;
    break;
  }
  constexpr std::string_view failed = "failed: ";
  if (result.text.starts_with(failed))
    result.text.erase(0, failed.size());
  // As plugin/doveadm/caller.cpp says it of a role.
  if (result.result == "failed" && result.text.find(" may not ") != std::string::npos)
    result.result = "refused";
  if (result.result == "refused")
    result.error = ErrorCode::forbidden;
  else if (result.result == "failed")
    result.error = was_missing(result) ? ErrorCode::not_found : ErrorCode::conflict;
  if (!value_of(row, "mailbox").empty())
    result.text += " to " + value_of(row, "mailbox");
  if (!value_of(row, "until").empty())
    result.text += ", until " + value_of(row, "until");
  return result;
}

// Of a message about which the command said nothing.
ActResult untold(const ProgramResult &result, const std::string &id, const std::string &user) {
  if (result.status < 0)
    return {id, user, "failed",
            "the command did not end (" + result.error +
                "); look whether it was done: to repeat it does no harm",
            ErrorCode::unavailable};
  auto failure = failure_of(result);
  if (!failure)
    return {id, user, "failed", "nothing was said of it; look whether it was done",
            ErrorCode::unavailable};
  if (failure->code == ErrorCode::not_found)
    return {id, user, "failed", std::string(missing) + " (released or deleted before?)",
            failure->code};
  return {id, user, failure->code == ErrorCode::forbidden ? "refused" : "failed", failure->text,
          failure->code};
}

// --- parts

// The one row of a command that says more than a table.
std::optional<Row> one_row(const ProgramResult &result) {
  auto rows = result.status == 0 ? rows_of(result.output) : std::nullopt;
  if (!rows || rows->size() != 1)
    return std::nullopt;
  return std::move(rows->front());
}

std::string member(const json &object, const char *name) {
  auto found = object.find(name);
  return found == object.end() ? std::string() : text_of(*found);
}

Part part_of(const json &object) {
  Part part;
  part.path = member(object, "path");
  part.type = member(object, "type");
  part.name = member(object, "name");
  part.size = number_of(member(object, "size"));
  part.state = member(object, "state");
  part.sha256 = member(object, "sha256");
  if (object.contains("text"))
    part.text = member(object, "text");
  part.text_cut = member(object, "text_cut") == "true";
  if (object.contains("html"))
    part.html = member(object, "html");
  return part;
}

// Of a column that is a list of objects in JSON.
template <typename Take> void for_each_object(const std::string &text, Take take) {
  json list = json::parse(text, nullptr, false);
  if (!list.is_array())
    return;
  for (const json &element : list) {
    if (element.is_object())
      take(element);
  }
}

std::vector<NoteEntry> notes_of(const std::string &text) {
  std::vector<NoteEntry> notes;
  for_each_object(text, [&](const json &note) {
    notes.push_back({member(note, "when"), person_of(member(note, "who")), member(note, "text")});
  });
  return notes;
}

} // namespace

std::optional<std::vector<Row>> rows_of(std::string_view output) {
  json list = json::parse(output, nullptr, false);
  if (!list.is_array())
    return std::nullopt;
  std::vector<Row> rows;
  for (const json &object : list) {
    if (!object.is_object())
      return std::nullopt;
    Row row;
    for (const auto &[name, value] : object.items())
      row[name] = text_of(value);
    rows.push_back(std::move(row));
  }
  return rows;
}

std::optional<Failure> failure_of(const ProgramResult &result) {
  if (result.status == 0)
    return std::nullopt;
  std::string told = told_by(result.errors);
  for (const Ending &ending : endings) {
    if (ending.status == result.status)
      return Failure{ending.code, told.empty() || ending.text == not_there ? ending.text : told};
  }
  if (result.status < 0)
    told = result.error;
  return Failure{ErrorCode::unavailable,
                 told.empty() ? "The mail server cannot do it now; its log says why." : told};
}

Item item_of(const Row &row) {
  Item item;
  item.id = value_of(row, "id");
  item.user = value_of(row, "user");
  item.time = value_of(row, "time");
  item.state = value_of(row, "state");
  item.from = value_of(row, "from");
  item.to = value_of(row, "to");
  item.subject = value_of(row, "subject");
  item.classes = words_of(value_of(row, "class"));
  item.reason = value_of(row, "reason");
  item.rule = value_of(row, "rule");
  item.size = number_of(value_of(row, "size"));
  item.until = value_of(row, "until");
  item.then = value_of(row, "then");
  item.requested_by = person_of(value_of(row, "requested_by"));
  item.requested_at = value_of(row, "requested_at");
  item.who = person_of(value_of(row, "who"));
  item.when = value_of(row, "when");
  item.why = value_of(row, "why");
  if (item.why.empty())
    item.why = value_of(row, "requested_because");
  item.mailbox = value_of(row, "mailbox");
  return item;
}

std::string cursor_behind(const Item &item) { return item.time + " " + item.id + " " + item.user; }

std::optional<Rights> rights_of(const ProgramResult &result) {
  auto rows = result.status == 0 ? rows_of(result.output) : std::nullopt;
  if (!rows || rows->size() != 1)
    return std::nullopt;
  return Rights{value_of(rows->front(), "reviewer") == "yes",
                words_of(value_of(rows->front(), "acts"))};
}

ShowAnswer show_answer(const Row &row, const std::vector<Row> &history) {
  ShowAnswer answer{item_of(row), json::parse(value_of(row, "report"), nullptr, false),
                    history_of(history), notes_of(value_of(row, "notes")),
                    words_of(value_of(row, "acts"))};
  if (answer.report.is_discarded())
    answer.report = nullptr;
  return answer;
}

ShowAnswer gone_answer(const ItemKey &item, const std::vector<Row> &history) {
  ShowAnswer answer;
  answer.record.id = item.id;
  answer.record.user = item.user;
  answer.history = history_of(history);
  if (!answer.history.empty()) {
    answer.record.state = answer.history.back().state;
    answer.record.who = answer.history.back().who;
    answer.record.when = answer.history.back().when;
    answer.record.why = answer.history.back().why;
  }
  return answer;
}

std::vector<ActResult> act_results(const ProgramResult &result, const std::string &user,
                                   const std::vector<std::string> &ids) {
  std::map<std::string, ActResult> known;
  for (const Row &row : rows_of(result.output).value_or(std::vector<Row>())) {
    ActResult told = result_of(row, user);
    known[told.id] = told;
  }
  std::vector<ActResult> results;
  for (const std::string &id : ids) {
    auto found = known.find(id);
    results.push_back(found == known.end() ? untold(result, id, user) : found->second);
  }
  return results;
}

bool was_missing(const ActResult &result) {
  return result.result == "failed" && result.text.starts_with(missing);
}

void explain_missing(ActResult &result, Act act, const std::vector<Row> &history) {
  if (history.empty())
    return;
  // By the register's clock, the last is the latest.
  const Row &last = history.back();
  std::string state = value_of(last, "state");
  if (state == "held" || state == "requested" || state == "gone" || state.empty())
    return;
  // Who releases what was deleted must not read that it was done.
  bool same = (act == Act::release && state == "released") ||
              (act == Act::reject && state == "rejected") ||
              (act == Act::remove && state == "deleted");
  result.result = same ? "already" : "failed";
  result.error = same ? std::nullopt : std::optional(ErrorCode::conflict);
  result.text =
      "was " + state + " by " + person_of(value_of(last, "who")) + " at " + value_of(last, "when");
}

std::optional<PartsAnswer> parts_answer(const ProgramResult &result) {
  auto row = one_row(result);
  if (!row)
    return std::nullopt;
  PartsAnswer answer;
  for_each_object(value_of(*row, "headers"), [&](const json &field) {
    answer.headers.push_back({member(field, "name"), member(field, "value")});
  });
  for_each_object(value_of(*row, "parts"),
                  [&](const json &part) { answer.parts.push_back(part_of(part)); });
  return answer;
}

std::optional<OverviewAnswer> overview_answer(const ProgramResult &result) {
  auto row = one_row(result);
  json overview = row ? json::parse(value_of(*row, "json"), nullptr, false) : json();
  if (!overview.is_object())
    return std::nullopt;
  return OverviewAnswer{std::move(overview)};
}

std::optional<TokenAnswer> token_answer(const ProgramResult &result) {
  auto rows = result.status == 0 ? rows_of(result.output) : std::nullopt;
  if (!rows || rows->size() != 1 || value_of(rows->front(), "result") != "valid")
    return std::nullopt;
  const Row &row = rows->front();
  return TokenAnswer{value_of(row, "id"),        value_of(row, "recipient"),
                     value_of(row, "recipient"), value_of(row, "allows"),
                     value_of(row, "expires"),   {}};
}

Failure token_failure(const ProgramResult &result) {
  auto rows = rows_of(result.output);
  if (rows && rows->size() == 1 && !value_of(rows->front(), "detail").empty())
    return {ErrorCode::forbidden, value_of(rows->front(), "detail")};
  return failure_of(result).value_or(
      Failure{ErrorCode::unavailable, "The token cannot be checked."});
}

ListAnswer own_page(std::vector<Item> items, const ListRequest &request) {
  const std::string &state = request.filter.state;
  std::erase_if(items, [&](const Item &item) {
    return item.id.empty() || (!state.empty() && state != "any" && item.state != state);
  });
  auto newest_first = [](const Item &item) {
    return std::tuple(item.state == "requested", std::string_view(item.time),
                      std::string_view(item.id));
  };
  std::sort(items.begin(), items.end(),
            [&](const Item &a, const Item &b) { return newest_first(a) > newest_first(b); });
  std::uint64_t first = std::min<std::uint64_t>(number_of(request.after), items.size());
  std::uint64_t end = std::min<std::uint64_t>(first + request.limit, items.size());
  ListAnswer answer;
  answer.waiting = static_cast<std::uint64_t>(std::count_if(
      items.begin(), items.end(), [](const Item &item) { return item.state == "requested"; }));
  if (end < items.size())
    answer.next = std::to_string(end);
  for (std::uint64_t at = first; at < end; at++)
    answer.items.push_back(std::move(items[at]));
  return answer;
}

std::string write_cursor(const Cursor &cursor) { return cursor.state + " " + cursor.row; }

std::optional<Cursor> read_cursor(const std::string &text) {
  auto blank = text.find(' ');
  if (blank == std::string::npos || !is_text(text, Text::line))
    return std::nullopt;
  return Cursor{text.substr(0, blank), text.substr(blank + 1)};
}

} // namespace smime::desk
