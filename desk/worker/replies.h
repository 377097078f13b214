// What doveadm printed, as answers. No Dovecot header.
#ifndef SMIME_DESK_REPLIES_H
#define SMIME_DESK_REPLIES_H

#include "desk/protocol/answer.h"
#include "desk/protocol/request.h"
#include "plugin/operator/subprocess.h"

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace smime::desk {

// One line of a command's table.
using Row = std::map<std::string, std::string>;

// Of "-f json"; nullopt if it is none, as of a command that was killed.
std::optional<std::vector<Row>> rows_of(std::string_view output);

// Nullopt if the command did what it was to; else what its end means.
std::optional<Failure> failure_of(const ProgramResult &result);

Item item_of(const Row &row);
// Where a list goes on behind an item: "time id user".
std::string cursor_behind(const Item &item);

struct Rights {
  bool reviewer = false;
  std::vector<std::string> acts;
};
std::optional<Rights> rights_of(const ProgramResult &result);

ShowAnswer show_answer(const Row &row, const std::vector<Row> &history);
// Of a message that is not held any more: what the register's history says.
ShowAnswer gone_answer(const ItemKey &item, const std::vector<Row> &history);

// Of the messages of one user, in the order of ids.
std::vector<ActResult> act_results(const ProgramResult &result, const std::string &user,
                                   const std::vector<std::string> &ids);
// "not in the quarantine": whether something was done before, by the history.
bool was_missing(const ActResult &result);
void explain_missing(ActResult &result, Act act, const std::vector<Row> &history);

// The JSON of "quarantine preview".
std::optional<PartsAnswer> parts_answer(const ProgramResult &result);
std::optional<OverviewAnswer> overview_answer(const ProgramResult &result);

// Of "token check": nullopt if it is not believed; then what to say.
std::optional<TokenAnswer> token_answer(const ProgramResult &result);
Failure token_failure(const ProgramResult &result);

// A page of what a recipient has: requests first, the newest first. after: how many were shown.
ListAnswer own_page(std::vector<Item> items, const ListRequest &request);

// Where the next page of a list begins: whether among requests or held ones, and behind which
// row. No list has both in one command.
struct Cursor {
  // requested, held; or the state that was asked for.
  std::string state;
  // "time id user", empty at the beginning.
  std::string row;
};
std::string write_cursor(const Cursor &cursor);
// Nullopt if it is none of ours.
std::optional<Cursor> read_cursor(const std::string &text);

} // namespace smime::desk

#endif
