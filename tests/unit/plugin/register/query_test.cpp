#include "plugin/register/query.h"

#include <CppUTest/TestHarness.h>

#include <algorithm>

using namespace smime;

TEST_GROUP(RegisterQuery){
    static std::string text_of(const SqlStatement &statement, std::size_t number){
        return std::get<std::string>(statement.values.at(number));
}

// Each "?" has its value, and no value is in the text.
static void check_bound(const SqlStatement &statement) {
  auto marks = std::count(statement.text.begin(), statement.text.end(), '?');
  CHECK_EQUAL(statement.values.size(), static_cast<std::size_t>(marks));
  CHECK(statement.text.find("hostile") == std::string::npos);
}

static bool has(const SqlStatement &statement, const std::string &part) {
  return statement.text.find(part) != std::string::npos;
}
}
;

TEST(RegisterQuery, EveryValueIsBound) {
  RegisterRow row;
  row.id = row.user = row.subject = row.to = row.why = "hostile' ?";
  for (const auto &statement : statements_of(row))
    check_bound(statement);
  for (const auto &statement : statements_of_found(row))
    check_bound(statement);
  for (const auto &statement : statements_of_gone(row))
    check_bound(statement);
  row.event = event_noted;
  for (const auto &statement : statements_of(row))
    check_bound(statement);
  row.is_delivery = true;
  CHECK_EQUAL(1U, statements_of(row).size());
  check_bound(statements_of(row).front());
  RegisterFilter filter;
  filter.ids = {"hostile'", "0123"};
  filter.classes = any_encrypted_classes;
  filter.from = filter.to = filter.user = filter.domain = filter.subject = filter.reason =
      filter.rule = filter.text = "hostile' ? % *";
  filter.since = filter.before = 5;
  filter.state = HeldState::released;
  filter.scopes = {{{"hostile' ?", "*@hostile"}, any_encrypted_classes, {"hostile ?"}},
                   {{"hostile"}, {}, {}}};
  RegisterPosition position;
  position.text = position.id = position.user = "hostile";
  for (auto sort : {RegisterSort::newest, RegisterSort::user})
    check_bound(select_rows(filter, sort, 50, &position));
  check_bound(select_history("hostile", "hostile"));
  check_bound(select_users("hostile", 5));
  check_bound(select_overview_rows(filter, 5, 50, &position));
  for (auto part : {OverviewPart::waiting, OverviewPart::held, OverviewPart::left,
                    OverviewPart::senders, OverviewPart::rules})
    check_bound(select_overview(part, 5, 50));
}

TEST(RegisterQuery, AnEventIsInTheHistoryAlone) {
  RegisterRow row;
  row.time = 5;
  row.changed = 7000000;
  row.event = event_kept;
  row.who = "anna";
  row.why = "until 2026-12-31T00:00:00Z: a case";
  auto statements = statements_of(row);
  CHECK_EQUAL(2U, statements.size());
  CHECK(has(statements[0], "DO NOTHING"));
  for (const SqlValue &value : statements[0].values)
    CHECK(value != SqlValue(row.who) && value != SqlValue(row.why) &&
          value != SqlValue(row.changed));
  STRCMP_EQUAL("kept", text_of(statements[1], 3).c_str());
}

TEST(RegisterQuery, Counts) {
  auto all = select_counts(CountBy::all, 20);
  check_bound(all);
  CHECK_FALSE(has(all, "GROUP BY"));
  auto domains = select_counts(CountBy::domain, 20);
  check_bound(domains);
  CHECK(has(domains, ", domain FROM smime_register WHERE present = ? GROUP BY domain ORDER BY "
                     "COUNT(*) DESC, domain LIMIT 20"));
  auto rest = select_count_of_rest(CountBy::reason, {"hostile'", "hostile ?"});
  check_bound(rest);
  CHECK(has(rest, "WHERE present = ? AND reason <> ? AND reason <> ?"));
}

TEST(RegisterQuery, ThinningTakesNothingThatIsHeld) {
  OldRow row{5, "hostile'", "hostile ?"};
  for (OldRows what : {OldRows::messages, OldRows::history, OldRows::deliveries}) {
    check_bound(select_old(what, 100, 50, nullptr));
    check_bound(select_old(what, 100, 50, &row));
    for (const auto &statement : statements_of_thinning(what, row, 100))
      check_bound(statement);
  }
  CHECK(has(select_old(OldRows::messages, 100, 50, &row),
            "WHERE changed < ? AND present = 0 AND (changed, id, username) > (?, ?, ?) "
            "ORDER BY changed, id, username LIMIT 50"));
  auto statements = statements_of_thinning(OldRows::messages, row, 100);
  CHECK_EQUAL(2U, statements.size());
  CHECK(has(statements[0], "DELETE FROM smime_register WHERE id = ? AND username = ? AND "
                           "changed < ? AND present = 0"));
  // A register counts in microseconds, of a delivery in seconds.
  CHECK_EQUAL(100000000, std::get<std::int64_t>(statements[0].values.at(2)));
  CHECK(has(statements[1], "AND NOT EXISTS (SELECT 1 FROM smime_register WHERE"));
  auto delivery = statements_of_thinning(OldRows::deliveries, row, 100);
  CHECK_EQUAL(1U, delivery.size());
  CHECK_EQUAL(100, std::get<std::int64_t>(delivery[0].values.at(2)));
}

TEST(RegisterQuery, AChangeThatIsToldAgainIsOne) {
  RegisterRow row;
  row.state = HeldState::deleted;
  for (const auto &statements :
       {statements_of(row), statements_of_found(row), statements_of_gone(row)}) {
    // Before the row has the state.
    CHECK_EQUAL(2U, statements.size());
    CHECK(has(statements.front(), "INTO smime_register_history"));
    CHECK(has(statements.front(), "NOT EXISTS (SELECT 1 FROM smime_register WHERE id = ? AND "
                                  "username = ? AND state = ? AND state <> 'requested')"));
    CHECK_EQUAL("deleted", text_of(statements.front(), 8));
  }
}

TEST(RegisterQuery, WithoutAFilterWhatIsInTheQuarantineIsMeant) {
  RegisterFilter filter;
  auto statement = select_rows(filter, RegisterSort::newest, 50, nullptr);
  CHECK(has(statement, "WHERE present = ? ORDER BY held DESC"));
  CHECK(has(statement, "LIMIT 50"));
  filter.any_state = true;
  CHECK(!has(select_rows(filter, RegisterSort::newest, 50, nullptr), "FROM smime_register WHERE"));
  filter.any_state = false;
  filter.state = HeldState::released;
  statement = select_rows(filter, RegisterSort::oldest, 50, nullptr);
  CHECK(std::get<std::int64_t>(statement.values.at(0)) == 0);
  CHECK_EQUAL("released", text_of(statement, 1));
}

TEST(RegisterQuery, PatternsAreThoseOfTheRules) {
  RegisterFilter filter;
  filter.any_state = true;
  filter.from = "*@Exa_mple.org";
  auto statement = select_rows(filter, RegisterSort::oldest, 5, nullptr);
  CHECK_EQUAL("%@Exa!_mple.org", text_of(statement, 0));
  CHECK(has(statement, "LOWER(sender) LIKE LOWER(?) ESCAPE '!'"));
  filter.from = "!a!b@example.org";
  statement = select_rows(filter, RegisterSort::oldest, 5, nullptr);
  CHECK_EQUAL("a!b@example.org", text_of(statement, 0));
  CHECK(has(statement, "NOT (LOWER(sender) = LOWER(?))"));
  filter.from.reset();
  filter.subject = "50% !";
  CHECK_EQUAL("%50!% !!%", text_of(select_rows(filter, RegisterSort::oldest, 5, nullptr), 0));
}

TEST(RegisterQuery, ScopesLeaveOutNothingThatARoleNames) {
  RegisterFilter filter;
  filter.any_state = true;
  filter.scopes = {{{"!a?b@example.org"}, ClassSet(MessageClass::encrypted), {"smime_rule2"}}};
  auto statement = select_rows(filter, RegisterSort::oldest, 5, nullptr);
  CHECK_FALSE(has(statement, "NOT"));
  CHECK_EQUAL("!!a%b@example.org", text_of(statement, 0));
  CHECK(has(statement, "WHERE (((LOWER(recipient) LIKE LOWER(?) ESCAPE '!' OR LOWER(username) LIKE "
                       "LOWER(?) ESCAPE '!') AND (LOWER(rule) LIKE LOWER(?) ESCAPE '!') AND "
                       "((' ' || class || ' ') LIKE ? ESCAPE '!'))) ORDER"));
  // A role without limits is about all.
  filter.scopes.push_back({});
  CHECK_FALSE(
      has(select_rows(filter, RegisterSort::oldest, 5, nullptr), "FROM smime_register WHERE"));
}

TEST(RegisterQuery, ABeginningOfAnIdIsARange) {
  RegisterFilter filter;
  filter.any_state = true;
  filter.ids = {"abcd"};
  auto statement = select_rows(filter, RegisterSort::oldest, 5, nullptr);
  CHECK_EQUAL("abcd", text_of(statement, 0));
  CHECK_EQUAL("abcd" + std::string(28, 'f'), text_of(statement, 1));
}

TEST(RegisterQuery, APageBeginsWhereTheOneBeforeEnded) {
  RegisterRow row;
  row.time = 7;
  row.size = 9;
  row.id = "i";
  row.user = "u";
  auto by_size = position_of(row, RegisterSort::largest);
  auto statement = select_rows({}, RegisterSort::largest, 5, &by_size);
  CHECK(has(statement, "(size, id, username) < (?, ?, ?)"));
  CHECK(std::get<std::int64_t>(statement.values.at(1)) == 9);
  auto by_user = position_of(row, RegisterSort::user);
  statement = select_rows({}, RegisterSort::user, 5, &by_user);
  CHECK(has(statement, "(username, id, username) > (?, ?, ?)"));
  CHECK_EQUAL("u", text_of(statement, 1));
}

TEST(RegisterQuery, SortsHaveNames) {
  CHECK(register_sort_from_name("-time") == RegisterSort::newest);
  CHECK(register_sort_from_name("user") == RegisterSort::user);
  CHECK_FALSE(register_sort_from_name("time; DROP").has_value());
}

TEST(RegisterQuery, ARowIsReadFromItsColumns) {
  std::vector<std::string> values(20);
  values[0] = "id";
  values[2] = "5";
  values[14] = "6";
  values[16] = "requested";
  values[17] = "7";
  RegisterRow row = row_of(values);
  CHECK_EQUAL("id", row.id);
  CHECK(row.time == 5 && row.size == 6 && row.changed == 7);
  CHECK(row.state == HeldState::requested);
}
