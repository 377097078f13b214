#include "plugin/register/query.h"

#include "common/ascii.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <string_view>
#include <utility>

namespace smime {
namespace {

std::int64_t present(HeldState state) { return is_in_quarantine(state) ? 1 : 0; }

SqlStatement insert_row(const RegisterRow &row, const char *on_conflict) {
  SqlStatement statement;
  statement.text = "INSERT INTO smime_register (" + std::string(register_columns) +
                   ", domain, present) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, "
                   "?, ?, ?, ?, ?) ON CONFLICT (id, username) DO UPDATE SET "
                   "state = excluded.state, present = excluded.present, "
                   "changed = excluded.changed, who = excluded.who, why = excluded.why";
  statement.text += on_conflict;
  statement.values = {row.id,
                      row.user,
                      row.time,
                      row.mailbox,
                      row.from,
                      row.to,
                      row.subject,
                      row.classes,
                      row.status,
                      row.findings,
                      row.strength,
                      row.reason,
                      row.rule,
                      row.attachments,
                      static_cast<std::int64_t>(row.size),
                      row.digest,
                      std::string(name_of(row.state)),
                      row.changed,
                      row.who,
                      row.why,
                      recipient_domain(row.to),
                      present(row.state)};
  return statement;
}

// An act that was cut short is told again when it is repeated, and a message when its delivery
// comes again: that is one change. Who asks again, asks. To stand before what changes the row.
SqlStatement insert_history(const RegisterRow &row) {
  std::string state(name_of(row.state));
  return {"INSERT INTO smime_register_history (id, username, changed, state, who, why) "
          "SELECT ?, ?, ?, ?, ?, ? WHERE NOT EXISTS (SELECT 1 FROM smime_register WHERE id = ? AND "
          "username = ? AND state = ? AND state <> 'requested') "
          "ON CONFLICT (id, username, changed, state) DO NOTHING",
          {row.id, row.user, row.changed, state, row.who, row.why, row.id, row.user, state}};
}

// What changed no state is in the history alone. The row is made if it is not there, of which
// nobody knows then who made it so.
std::vector<SqlStatement> statements_of_event(const RegisterRow &row) {
  RegisterRow whole = row;
  whole.changed = whole.time * 1000000;
  whole.who.clear();
  whole.why.clear();
  SqlStatement made = insert_row(whole, "");
  made.text.resize(made.text.find(" DO UPDATE"));
  made.text += " DO NOTHING";
  return {made,
          {"INSERT INTO smime_register_history (id, username, changed, state, who, why) "
           "VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (id, username, changed, state) DO NOTHING",
           {row.id, row.user, row.changed, row.event, row.who, row.why}}};
}

SqlStatement insert_delivery(const RegisterRow &row) {
  return {"INSERT INTO smime_register_delivery (id, username, decided, mailbox, sender, "
          "recipient, class, status, rule, action, size, digest) "
          "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id, username) DO NOTHING",
          {row.id, row.user, row.time, row.mailbox, row.from, row.to, row.classes, row.status,
           row.rule, row.action, static_cast<std::int64_t>(row.size), row.digest}};
}

// --- conditions

constexpr char escape_sign = '!';

std::string escaped_for_like(std::string_view text) {
  std::string result;
  for (char c : text) {
    if (c == '%' || c == '_' || c == escape_sign)
      result += escape_sign;
    result += c;
  }
  return result;
}

// "*" and "?" as in the rules.
std::string like_of_pattern(std::string_view pattern) {
  std::string result;
  for (char c : pattern) {
    if (c == '*' || c == '?')
      result += c == '*' ? '%' : '_';
    else
      result += escaped_for_like(std::string_view(&c, 1));
  }
  return result;
}

// Conditions of which one has to hold, or all.
SqlStatement joined(const std::vector<SqlStatement> &parts, const char *word) {
  SqlStatement result;
  for (const SqlStatement &part : parts) {
    result.text += (result.text.empty() ? "(" : word) + part.text;
    result.values.insert(result.values.end(), part.values.begin(), part.values.end());
  }
  result.text += result.text.empty() ? "" : ")";
  return result;
}

SqlStatement has_part(const std::string &column, const std::string &part) {
  return {"LOWER(" + column + ") LIKE LOWER(?) ESCAPE '!'", {"%" + escaped_for_like(part) + "%"}};
}

// A pattern without wildcards is compared, for which there is an index.
SqlStatement fits(const std::string &column, const std::string &pattern) {
  if (pattern.find_first_of("*?") == std::string::npos)
    return {"LOWER(" + column + ") = LOWER(?)", {pattern}};
  return {"LOWER(" + column + ") LIKE LOWER(?) ESCAPE '!'", {like_of_pattern(pattern)}};
}

SqlStatement has_class(const ClassSet &classes) {
  std::vector<SqlStatement> parts;
  std::string names = join_class_names(classes);
  for (std::size_t start = 0; start < names.size();) {
    auto end = std::min(names.find(' ', start), names.size());
    parts.push_back({"(' ' || class || ' ') LIKE ? ESCAPE '!'",
                     {"% " + escaped_for_like(names.substr(start, end - start)) + " %"}});
    start = end + 1;
  }
  return joined(parts, " OR ");
}

class Conditions {
public:
  explicit Conditions(SqlStatement &statement) : statement_(statement) {}

  // A condition and the values of its "?".
  void add(const std::string &text, std::vector<SqlValue> values) {
    statement_.text += (any_ ? " AND " : " WHERE ") + text;
    any_ = true;
    std::move(values.begin(), values.end(), std::back_inserter(statement_.values));
  }
  void add(SqlStatement condition) {
    if (!condition.text.empty())
      add(condition.text, std::move(condition.values));
  }

  void add_part(const char *column, const std::optional<std::string> &part) {
    if (part)
      add(has_part(column, *part));
  }

  void add_pattern(const std::vector<std::string> &columns,
                   const std::optional<std::string> &pattern) {
    if (!pattern)
      return;
    bool negated = pattern->starts_with('!');
    std::vector<SqlStatement> parts;
    for (const std::string &column : columns)
      parts.push_back(fits(column, pattern->substr(negated ? 1 : 0)));
    SqlStatement any = joined(parts, " OR ");
    any.text.insert(0, negated ? "NOT " : "");
    add(std::move(any));
  }

private:
  SqlStatement &statement_;
  bool any_ = false;
};

void add_ids(Conditions &conditions, const std::vector<std::string> &ids) {
  if (ids.empty())
    return;
  std::string text;
  std::vector<SqlValue> values;
  for (const std::string &id : ids) {
    // Of a beginning, the range in which what begins so lies: the index serves it.
    text += (text.empty() ? "" : " OR ") + std::string("(id >= ? AND id <= ?)");
    values.emplace_back(id);
    values.emplace_back(id + std::string(id.size() < 32 ? 32 - id.size() : 0, 'f'));
  }
  conditions.add("(" + text + ")", std::move(values));
}

// "?" is one byte for a role, and one character for a database.
std::string wider(std::string pattern) {
  std::replace(pattern.begin(), pattern.end(), '?', '*');
  return pattern;
}

// Empty: all rows are in it.
SqlStatement is_in(const RegisterScope &scope) {
  std::vector<SqlStatement> all;
  std::vector<SqlStatement> to;
  for (const std::string &pattern : scope.to) {
    to.push_back(fits("recipient", wider(pattern)));
    to.push_back(fits("username", wider(pattern)));
  }
  std::vector<SqlStatement> rules;
  for (const std::string &name : scope.rules)
    rules.push_back(has_part("rule", name));
  if (!to.empty())
    all.push_back(joined(to, " OR "));
  if (!rules.empty())
    all.push_back(joined(rules, " OR "));
  if (scope.classes && !scope.classes->empty())
    all.push_back(has_class(*scope.classes));
  return joined(all, " AND ");
}

void add_scopes(Conditions &conditions, const std::vector<RegisterScope> &scopes) {
  std::vector<SqlStatement> any;
  for (const RegisterScope &scope : scopes) {
    any.push_back(is_in(scope));
    if (any.back().text.empty())
      return;
  }
  conditions.add(joined(any, " OR "));
}

void add_filter(Conditions &conditions, const RegisterFilter &filter) {
  if (!filter.any_state)
    conditions.add("present = ?", {filter.state ? present(*filter.state) : std::int64_t{1}});
  if (filter.state)
    conditions.add("state = ?", {std::string(name_of(*filter.state))});
  add_ids(conditions, filter.ids);
  if (filter.user)
    conditions.add("username = ?", {*filter.user});
  if (filter.domain)
    conditions.add("domain = ?", {lower(*filter.domain)});
  conditions.add_pattern({"recipient", "username"}, filter.to);
  conditions.add_pattern({"sender"}, filter.from);
  conditions.add_part("subject", filter.subject);
  conditions.add_part("reason", filter.reason);
  conditions.add_part("rule", filter.rule);
  if (filter.text)
    conditions.add(joined({has_part("subject", *filter.text), has_part("sender", *filter.text),
                           has_part("recipient", *filter.text)},
                          " OR "));
  if (filter.classes)
    conditions.add(has_class(*filter.classes));
  if (filter.since)
    conditions.add("held >= ?", {*filter.since});
  if (filter.before)
    conditions.add("held < ?", {*filter.before});
  add_scopes(conditions, filter.scopes);
}

struct SortInfo {
  const char *name;
  const char *column;
  bool down;
  bool is_text;
};

// In the order of RegisterSort.
constexpr std::array<SortInfo, 5> sorts{{{"time", "held", false, false},
                                         {"-time", "held", true, false},
                                         {"size", "size", false, false},
                                         {"-size", "size", true, false},
                                         {"user", "username", false, true}}};

const std::string count_text = "SELECT SUM(CASE WHEN state = 'requested' THEN 0 ELSE 1 END), "
                               "SUM(CASE WHEN state = 'requested' THEN 1 ELSE 0 END), "
                               "MIN(CASE WHEN state = 'requested' THEN NULL ELSE held END), "
                               "MIN(CASE WHEN state = 'requested' THEN changed ELSE NULL END)";

std::string column_of(CountBy by) {
  switch (by) {
  case CountBy::all: break;
  case CountBy::reason: return "reason";
  case CountBy::domain: return "domain";
  }
  return {};
}

// Microseconds by which the clocks of machines may differ.
constexpr std::int64_t clock_margin = 3600LL * 1000000;

struct OldTable {
  const char *name;
  const char *time;
  // Of the column time in a second.
  std::int64_t units;
  // What else is true of a row that may go.
  const char *condition;
};

// In the order of OldRows.
constexpr std::array<OldTable, 3> old_tables{{
    {"smime_register", "changed", 1000000, "present = 0"},
    {"smime_register_history", "changed", 1000000,
     "NOT EXISTS (SELECT 1 FROM smime_register WHERE smime_register.id = smime_register_history.id "
     "AND smime_register.username = smime_register_history.username)"},
    {"smime_register_delivery", "decided", 1, nullptr},
}};

const OldTable &old_table(OldRows what) { return old_tables[static_cast<std::size_t>(what)]; }

const SortInfo &info_of(RegisterSort sort) { return sorts[static_cast<std::size_t>(sort)]; }

} // namespace

std::vector<SqlStatement> statements_of(const RegisterRow &row) {
  if (row.is_delivery)
    return {insert_delivery(row)};
  if (!row.event.empty())
    return statements_of_event(row);
  // What left the quarantine is not held again, whatever the clocks said. Who took it out may
  // tell it after somebody found it gone.
  const char *later = " WHERE excluded.present < smime_register.present OR "
                      "(excluded.present = smime_register.present AND "
                      "excluded.changed >= smime_register.changed AND "
                      "(excluded.state <> 'held' OR smime_register.state = 'held')) OR "
                      "(excluded.present = 0 AND smime_register.state = 'gone')";
  return {insert_history(row), insert_row(row, later)};
}

std::vector<SqlStatement> statements_of_found(const RegisterRow &row) {
  return {insert_history(row), insert_row(row, " WHERE excluded.changed > smime_register.changed")};
}

bool is_from_future(std::int64_t changed, std::int64_t now) { return changed > now + clock_margin; }

SqlStatement statement_of_clock(const std::string &user, std::int64_t now) {
  return {"UPDATE smime_register SET changed = ? WHERE username = ? AND changed > ?",
          {now - 1, user, now + clock_margin}};
}

std::vector<SqlStatement> statements_of_gone(const RegisterRow &row) {
  return {insert_history(row),
          {"UPDATE smime_register SET state = ?, present = ?, changed = ?, who = ?, why = ? "
           "WHERE id = ? AND username = ? AND present = ? AND changed < ?",
           {std::string(name_of(HeldState::gone)), std::int64_t{0}, row.changed, row.who, row.why,
            row.id, row.user, std::int64_t{1}, row.changed}}};
}

std::optional<RegisterSort> register_sort_from_name(std::string_view name) {
  for (std::size_t i = 0; i < sorts.size(); i++) {
    if (name == sorts[i].name)
      return static_cast<RegisterSort>(i);
  }
  return std::nullopt;
}

SqlStatement select_rows(const RegisterFilter &filter, RegisterSort sort, std::size_t limit,
                         const RegisterPosition *after) {
  const SortInfo &by = info_of(sort);
  std::string column = by.column;
  std::string way = by.down ? " DESC" : "";
  SqlStatement statement;
  // The times are of one length: the last one is the greatest text.
  statement.text = "SELECT " + std::string(register_columns) +
                   ", (SELECT MAX(h.why) FROM smime_register_history h WHERE "
                   "h.id = smime_register.id AND h.username = smime_register.username AND "
                   "h.state = 'kept') FROM smime_register";
  Conditions conditions(statement);
  add_filter(conditions, filter);
  if (after != nullptr)
    conditions.add(
        "(" + column + ", id, username) " + (by.down ? "<" : ">") + " (?, ?, ?)",
        {by.is_text ? SqlValue(after->text) : SqlValue(after->number), after->id, after->user});
  statement.text += " ORDER BY " + column + way + ", id" + way + ", username" + way + " LIMIT " +
                    std::to_string(limit);
  return statement;
}

RegisterPosition position_of(const RegisterRow &row, RegisterSort sort) {
  RegisterPosition position;
  bool by_size = sort == RegisterSort::smallest || sort == RegisterSort::largest;
  position.number = by_size ? static_cast<std::int64_t>(row.size) : row.time;
  position.text = row.user;
  position.id = row.id;
  position.user = row.user;
  return position;
}

RegisterRow row_of(const std::vector<std::string> &values) {
  RegisterRow row;
  auto number = [&](std::size_t i) { return std::strtoll(values[i].c_str(), nullptr, 10); };
  row.id = values[0];
  row.user = values[1];
  row.time = number(2);
  row.mailbox = values[3];
  row.from = values[4];
  row.to = values[5];
  row.subject = values[6];
  row.classes = values[7];
  row.status = values[8];
  row.findings = values[9];
  row.strength = values[10];
  row.reason = values[11];
  row.rule = values[12];
  row.attachments = values[13];
  row.size = static_cast<std::uint64_t>(number(14));
  row.digest = values[15];
  row.state = held_state_from_name(values[16]).value_or(HeldState::gone);
  row.changed = number(17);
  row.who = values[18];
  row.why = values[19];
  constexpr std::size_t time_size = sizeof("2026-11-30T02:44:00Z") - 1;
  if (values.size() > 20 && values[20].starts_with(kept_until_text))
    row.kept = values[20].substr(kept_until_text.size(), time_size);
  return row;
}

SqlStatement select_history(const std::string &id, const std::string &user) {
  return {"SELECT changed, state, who, why FROM smime_register_history "
          "WHERE id = ? AND username = ? ORDER BY changed",
          {id, user}};
}

SqlStatement select_counts(CountBy by, std::size_t limit) {
  std::string column = column_of(by);
  SqlStatement statement;
  statement.text = count_text + (column.empty() ? "" : ", " + column) + " FROM smime_register";
  Conditions conditions(statement);
  conditions.add("present = ?", {std::int64_t{1}});
  if (!column.empty())
    statement.text += " GROUP BY " + column + " ORDER BY COUNT(*) DESC, " + column + " LIMIT " +
                      std::to_string(limit);
  return statement;
}

SqlStatement select_count_of_rest(CountBy by, const std::vector<std::string> &values) {
  SqlStatement statement;
  statement.text = count_text + " FROM smime_register";
  Conditions conditions(statement);
  conditions.add("present = ?", {std::int64_t{1}});
  for (const std::string &value : values)
    conditions.add(column_of(by) + " <> ?", {value});
  return statement;
}

SqlStatement select_old(OldRows what, std::int64_t before, std::size_t limit, const OldRow *after) {
  const OldTable &table = old_table(what);
  std::string keys = std::string(table.time) + ", id, username";
  SqlStatement statement;
  statement.text = "SELECT " + keys + " FROM " + table.name;
  Conditions conditions(statement);
  conditions.add(std::string(table.time) + " < ?", {before * table.units});
  if (table.condition != nullptr)
    conditions.add(table.condition, {});
  if (after != nullptr)
    conditions.add("(" + keys + ") > (?, ?, ?)", {after->time, after->id, after->user});
  statement.text += " ORDER BY " + keys + " LIMIT " + std::to_string(limit);
  return statement;
}

std::vector<SqlStatement> statements_of_thinning(OldRows what, const OldRow &row,
                                                 std::int64_t before) {
  std::vector<SqlStatement> statements;
  // A message that the register still has after the first statement keeps its history.
  std::vector<OldRows> tables{what};
  if (what == OldRows::messages)
    tables.push_back(OldRows::history);
  for (OldRows each : tables) {
    const OldTable &table = old_table(each);
    SqlStatement statement;
    statement.text = std::string("DELETE FROM ") + table.name;
    Conditions conditions(statement);
    conditions.add("id = ? AND username = ?", {row.id, row.user});
    conditions.add(std::string(table.time) + " < ?", {before * table.units});
    if (table.condition != nullptr)
      conditions.add(table.condition, {});
    statements.push_back(std::move(statement));
  }
  return statements;
}

SqlStatement select_overview(OverviewPart part, std::int64_t since, std::size_t limit) {
  constexpr std::int64_t second = 1000000;
  std::string most = " LIMIT " + std::to_string(limit);
  switch (part) {
  case OverviewPart::waiting:
    return {"SELECT reason, domain, COUNT(*), MIN(held) FROM smime_register WHERE present = 1 "
            "GROUP BY reason, domain ORDER BY COUNT(*) DESC, reason, domain" +
                most,
            {}};
  case OverviewPart::held:
    return {"SELECT held / 86400, COUNT(*) FROM smime_register WHERE held >= ? "
            "GROUP BY held / 86400 ORDER BY held / 86400" +
                most,
            {since}};
  case OverviewPart::left:
    return {"SELECT changed / 86400000000, state, COUNT(*) FROM smime_register "
            "WHERE present = 0 AND changed >= ? GROUP BY changed / 86400000000, state "
            "ORDER BY changed / 86400000000, state" +
                most,
            {since * second}};
  case OverviewPart::senders:
    return {"SELECT sender, COUNT(*) FROM smime_register WHERE held >= ? GROUP BY sender "
            "ORDER BY COUNT(*) DESC, sender" +
                most,
            {since}};
  case OverviewPart::rules: break;
  }
  return {"SELECT rule, state, COUNT(*) FROM smime_register WHERE held >= ? GROUP BY rule, state "
          "ORDER BY COUNT(*) DESC, rule, state" +
              most,
          {since}};
}

SqlStatement select_overview_rows(const RegisterFilter &filter, std::int64_t since,
                                  std::size_t limit, const RegisterPosition *after) {
  constexpr std::int64_t second = 1000000;
  SqlStatement statement;
  statement.text = "SELECT id, username, sender, recipient, class, reason, rule, held, "
                   "state, changed FROM smime_register";
  Conditions conditions(statement);
  conditions.add("(present = 1 OR held >= ? OR changed >= ?)", {since, since * second});
  add_scopes(conditions, filter.scopes);
  if (after != nullptr)
    conditions.add("(id, username) > (?, ?)", {after->id, after->user});
  statement.text += " ORDER BY id, username LIMIT " + std::to_string(limit);
  return statement;
}

RegisterRow overview_row_of(const std::vector<std::string> &values) {
  RegisterRow row;
  row.id = values[0];
  row.user = values[1];
  row.from = values[2];
  row.to = values[3];
  row.classes = values[4];
  row.reason = values[5];
  row.rule = values[6];
  row.time = std::strtoll(values[7].c_str(), nullptr, 10);
  row.state = held_state_from_name(values[8]).value_or(HeldState::gone);
  row.changed = std::strtoll(values[9].c_str(), nullptr, 10);
  return row;
}

SqlStatement select_users(const std::string &after, std::size_t limit) {
  return {"SELECT DISTINCT username FROM smime_register WHERE present = 1 AND username > ? "
          "ORDER BY username LIMIT " +
              std::to_string(limit),
          {after}};
}

} // namespace smime
