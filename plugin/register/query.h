// The SQL of the register, for SQLite and PostgreSQL alike: texts with a "?" for each value, which
// lib-sql binds or escapes (database.cpp). No value is ever part of a text. No Dovecot header.
#ifndef SMIME_REGISTER_QUERY_H
#define SMIME_REGISTER_QUERY_H

#include "plugin/register/row.h"

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace smime {

using SqlValue = std::variant<std::string, std::int64_t>;

struct SqlStatement {
  std::string text;
  std::vector<SqlValue> values;
};

// What brings a row into the database, once or several times alike: of two states the later one
// stays, and held never replaces another one. A row of one user's never changes another's.
std::vector<SqlStatement> statements_of(const RegisterRow &row);

// What was found in a mailbox: the row's state holds, whatever the register has, unless that is
// of later than row.changed, which is when the search began.
std::vector<SqlStatement> statements_of_found(const RegisterRow &row);

// No clock says the later of two states for rows from the future: those of a user get a time of
// the past before he is looked at. now: microseconds.
SqlStatement statement_of_clock(const std::string &user, std::int64_t now);
// Whether a row's time is that of a clock which was wrong, and not of another machine's.
bool is_from_future(std::int64_t changed, std::int64_t now);

// What was not found: the message is gone, unless the register heard of it later.
std::vector<SqlStatement> statements_of_gone(const RegisterRow &row);

enum class RegisterSort : std::uint8_t { oldest, newest, smallest, largest, user };
// "time", "-time", "size", "-size", "user"
std::optional<RegisterSort> register_sort_from_name(std::string_view name);

// What a role is about. A part that is empty limits nothing.
struct RegisterScope {
  // Patterns of the recipient's address or the user's name, in which "!" is as it is.
  std::vector<std::string> to;
  std::optional<ClassSet> classes;
  // Names that the recorded rule has in it.
  std::vector<std::string> rules;
};

// A condition that is not set holds for every row.
struct RegisterFilter {
  // Whole ids, or beginnings of some; empty: all.
  std::vector<std::string> ids;
  std::optional<ClassSet> classes;
  // Patterns as in the rule key from; of "to" the recipient's address or the user's name.
  std::optional<std::string> from;
  std::optional<std::string> to;
  std::optional<std::string> user;
  std::optional<std::string> domain;
  // Parts of the text, in whatever case.
  std::optional<std::string> subject;
  std::optional<std::string> reason;
  std::optional<std::string> rule;
  // A part of the subject, of the sender or of the recipient.
  std::optional<std::string> text;
  // Seconds since the epoch.
  std::optional<std::int64_t> since;
  std::optional<std::int64_t> before;
  // Not set: what is in the quarantine.
  std::optional<HeldState> state;
  bool any_state = false;
  // Rows that are in none of these are left out, and some that are not may be left in: what who
  // asks may see is for him who reads the rows. Empty: all.
  std::vector<RegisterScope> scopes = {};
};

// Where the page before ended.
struct RegisterPosition {
  std::int64_t number = 0;
  std::string text;
  std::string id;
  std::string user;
};

// The columns of a row in their order.
inline constexpr const char *register_columns =
    "id, username, held, mailbox, sender, recipient, subject, class, status, findings, strength, "
    "reason, rule, attachments, size, digest, state, changed, who, why";

// A page of rows, behind the position if there is one.
SqlStatement select_rows(const RegisterFilter &filter, RegisterSort sort, std::size_t limit,
                         const RegisterPosition *after);
RegisterPosition position_of(const RegisterRow &row, RegisterSort sort);

// A row from the values of what select_rows() asks; null values are empty.
RegisterRow row_of(const std::vector<std::string> &values);

// changed, state, who and why of a message, the first change first.
SqlStatement select_history(const std::string &id, const std::string &user);

// How many messages are in the quarantine: held, requested, when the oldest of each was held or
// asked for (seconds and microseconds; null where there is none), and then the value of the column
// that they are counted by. Those with most come first.
enum class CountBy : std::uint8_t { all, reason, domain };
SqlStatement select_counts(CountBy by, std::size_t limit);
// The same of what has none of the values.
SqlStatement select_count_of_rest(CountBy by, const std::vector<std::string> &values);

// What is older than smime_history, a page at a time, behind the position if there is one: first
// the time, then the id and the user. Messages are those whose last change is older, and none that
// is held; of the history that of messages which the register does not have.
enum class OldRows : std::uint8_t { messages, history, deliveries };
struct OldRow {
  std::int64_t time = 0;
  std::string id;
  std::string user;
};
// before: seconds since the epoch.
SqlStatement select_old(OldRows what, std::int64_t before, std::size_t limit, const OldRow *after);
// Takes one of them out, a message with its history. What was changed meanwhile stays.
std::vector<SqlStatement> statements_of_thinning(OldRows what, const OldRow &row,
                                                 std::int64_t before);

// What an overview counts, each by groups, of all rows: what is in the quarantine (reason, domain,
// how many, when the oldest was held); what was held on each day since the epoch (day, how many);
// what left it on each (day, state, how many); and of what was held since, senders with most, and
// rules (rule, state, how many). since: seconds since the epoch, the beginning of a day.
enum class OverviewPart : std::uint8_t { waiting, held, left, senders, rules };
SqlStatement select_overview(OverviewPart part, std::int64_t since, std::size_t limit);

// The same row by row, for whom a role shows some: id, username, sender, recipient, class, reason,
// rule, held, state and changed of what counts for any of these, in the order of ids, behind
// after. The filter's scopes alone count.
SqlStatement select_overview_rows(const RegisterFilter &filter, std::int64_t since,
                                  std::size_t limit, const RegisterPosition *after);
// A row from its values.
RegisterRow overview_row_of(const std::vector<std::string> &values);

// Users who have rows of what is in the quarantine, in the order of their names, behind after.
SqlStatement select_users(const std::string &after, std::size_t limit);

} // namespace smime

#endif
