#include "desk/worker/replies.h"

#include <CppUTest/TestHarness.h>
#include <string>

using namespace smime;
using namespace smime::desk;

namespace {

ProgramResult ended(int status, const std::string &output, const std::string &errors = "") {
  ProgramResult result;
  result.status = status;
  result.output = output;
  result.errors = errors;
  return result;
}

// "done: text" of the one result.
std::string told(const ProgramResult &result) {
  auto results = act_results(result, "anna", {"x"});
  LONGS_EQUAL(1, results.size());
  return results[0].result + ": " + results[0].text;
}

std::string told_of(const std::string &words) {
  return told(ended(0, R"([{"id":"x","result":")" + words + R"(","mailbox":""}])"));
}

Item item(const char *id, const char *time, const char *state) {
  Item made;
  made.id = id;
  made.time = time;
  made.state = state;
  return made;
}

std::string ids(const ListAnswer &answer) {
  std::string text;
  for (const Item &each : answer.items)
    text += each.id;
  return text;
}

} // namespace

TEST_GROUP(DeskReplies){};

TEST(DeskReplies, RowsAreTexts) {
  auto rows = rows_of(R"([{"id":"a","size":5,"n":null}])").value();
  STRCMP_EQUAL("5", rows[0]["size"].c_str());
  STRCMP_EQUAL("", rows[0]["n"].c_str());
  for (const char *text : {"", "[{", "{}", "[1]", "nonsense"})
    CHECK_FALSE_TEXT(rows_of(text).has_value(), text);
}

TEST(DeskReplies, AnItemHasTheNamesOfTheContract) {
  auto rows = rows_of(R"([{"id":"a","class":"encrypted signed","size":"12","user":"anna",
                           "time":"2026-11-30T10:00:00Z","rule":"smime_rule: x"}])");
  Item made = item_of(rows->front());
  LONGS_EQUAL(2, made.classes.size());
  LONGS_EQUAL(12, made.size);
  STRCMP_EQUAL("2026-11-30T10:00:00Z a anna", cursor_behind(made).c_str());
}

TEST(DeskReplies, ResultsSayWhatBecameOfEachMessage) {
  STRCMP_EQUAL("done: released", told_of("released").c_str());
  STRCMP_EQUAL("done: held longer", told_of("held longer").c_str());
  STRCMP_EQUAL("already: was already released; taken out of the quarantine",
               told_of("was already released; taken out of the quarantine").c_str());
  STRCMP_EQUAL("already: was requested before", told_of("was requested before").c_str());
  STRCMP_EQUAL("approved: approved; one more is needed",
               told_of("approved; one more is needed").c_str());
  STRCMP_EQUAL("refused: refused: not-allowed", told_of("refused: not-allowed").c_str());
  STRCMP_EQUAL("refused: ben may not release it (smime_role)",
               told_of("failed: ben may not release it (smime_role)").c_str());
  STRCMP_EQUAL("failed: over quota", told_of("failed: over quota").c_str());
}

TEST(DeskReplies, WhatNothingWasSaidOfIsNotDone) {
  // Of a user who is not there it is not said that he is not.
  STRCMP_EQUAL("failed: not in the quarantine (released or deleted before?)",
               told(ended(67, "", "doveadm: Error: User doesn't exist")).c_str());
  STRCMP_EQUAL("refused: no role",
               told(ended(77, "[]", "doveadm(x): Error: smime: no role")).c_str());
  ProgramResult killed;
  killed.error = "it was killed by signal 9";
  CHECK(told(killed).starts_with("failed: the command did not end (it was killed by signal 9)"));
  CHECK(told(ended(0, "[{\"id\":\"x\",\"resu")).starts_with("failed: nothing was said of it"));
}

TEST(DeskReplies, AnInspectionSaysWhatDiffers) {
  STRCMP_EQUAL("done: signature: signed",
               told(ended(0, R"([{"id":"x","changes":"signature: signed"}])")).c_str());
  STRCMP_EQUAL("done: nothing differs from what was found before",
               told(ended(0, R"([{"id":"x","changes":""}])")).c_str());
}

TEST(DeskReplies, PartsAreListsInJson) {
  auto parts =
      parts_answer(
          ended(
              0,
              R"([{"headers":"[{\"name\":\"Subject\",\"value\":\"x\"}]","parts":"[{\"path\":\"1\",)"
              R"(\"size\":5,\"text\":\"hello\",\"text_cut\":true},1]"}])"))
          .value();
  STRCMP_EQUAL("x", parts.headers[0].value.c_str());
  LONGS_EQUAL(1, parts.parts.size());
  LONGS_EQUAL(5, parts.parts[0].size);
  STRCMP_EQUAL("hello", parts.parts[0].text->c_str());
  CHECK_TRUE(parts.parts[0].text_cut);
  CHECK_FALSE(parts_answer(ended(75, "[]")).has_value());
}

TEST(DeskReplies, AMissingMessageIsExplainedByItsHistory) {
  auto results = act_results(
      ended(68, R"-([{"id":"x","result":"not in the quarantine (released or deleted before?)"}])-"),
      "anna", {"x"});
  CHECK_TRUE(was_missing(results[0]));
  ActResult unknown = results[0];
  explain_missing(unknown, Act::release, {});
  STRCMP_EQUAL("failed", unknown.result.c_str());
  explain_missing(unknown, Act::release, {{{"state", "held"}}});
  STRCMP_EQUAL("failed", unknown.result.c_str());
  explain_missing(unknown, Act::release,
                  {{{"state", "deleted"}, {"who", "ben"}, {"when", "then"}}});
  STRCMP_EQUAL("failed", unknown.result.c_str());
  STRCMP_EQUAL("was deleted by ben at then", unknown.text.c_str());
  explain_missing(results[0], Act::release,
                  {{{"state", "held"}}, {{"state", "released"}, {"who", "ben"}, {"when", "then"}}});
  STRCMP_EQUAL("already", results[0].result.c_str());
  STRCMP_EQUAL("was released by ben at then", results[0].text.c_str());
}

TEST(DeskReplies, ExitCodesAreTyped) {
  CHECK_FALSE(failure_of(ended(0, "")).has_value());
  CHECK(failure_of(ended(64, ""))->code == ErrorCode::invalid);
  CHECK(failure_of(ended(68, ""))->code == ErrorCode::not_found);
  CHECK(failure_of(ended(77, ""))->code == ErrorCode::forbidden);
  CHECK(failure_of(ended(75, ""))->code == ErrorCode::unavailable);
  CHECK(failure_of(ProgramResult{})->code == ErrorCode::unavailable);
}

TEST(DeskReplies, WhoThereIsIsNotSaid) {
  auto nobody = failure_of(ended(67, "", "Error: User doesn't exist")).value();
  auto nothing = failure_of(ended(68, "", "Error: x is not in the quarantine")).value();
  CHECK(nobody.code == nothing.code);
  STRCMP_EQUAL(nothing.text.c_str(), nobody.text.c_str());
}

TEST(DeskReplies, RightsAreThoseOfOneRow) {
  auto rights = rights_of(ended(0, R"([{"acts":"list show","reviewer":"yes"}])")).value();
  CHECK_TRUE(rights.reviewer);
  LONGS_EQUAL(2, rights.acts.size());
  CHECK_FALSE(rights_of(ended(0, R"([{"acts":"","reviewer":"no"}])"))->reviewer);
  CHECK_FALSE(rights_of(ended(78, "")).has_value());
  CHECK_FALSE(rights_of(ended(0, "[]")).has_value());
}

TEST(DeskReplies, ARecipientsPageHasRequestsFirstAndTheNewestFirst) {
  std::vector<Item> all{item("a", "1", "held"), item("b", "2", "requested"), item("c", "3", "held"),
                        item("", "9", "held")};
  ListRequest request;
  request.limit = 2;
  ListAnswer first = own_page(all, request);
  STRCMP_EQUAL("bc", ids(first).c_str());
  STRCMP_EQUAL("2", first.next.c_str());
  LONGS_EQUAL(1, *first.waiting);
  request.after = first.next;
  ListAnswer second = own_page(all, request);
  STRCMP_EQUAL("a", ids(second).c_str());
  STRCMP_EQUAL("", second.next.c_str());
  request.after = "999999999999";
  LONGS_EQUAL(0, own_page(all, request).items.size());
  request = ListRequest();
  request.filter.state = "requested";
  STRCMP_EQUAL("b", ids(own_page(all, request)).c_str());
}

TEST(DeskReplies, ATokenThatIsNotBelievedSaysWhy) {
  auto good = token_answer(ended(
      0, R"([{"result":"valid","id":"x","recipient":"anna","allows":"view","expires":"then"}])"));
  STRCMP_EQUAL("anna", good->user.c_str());
  ProgramResult bad =
      ended(65, R"([{"result":"expired","detail":"Its time is over."}])", "Error: x");
  CHECK_FALSE(token_answer(bad).has_value());
  STRCMP_EQUAL("Its time is over.", token_failure(bad).text.c_str());
  CHECK(token_failure(bad).code == ErrorCode::forbidden);
}

TEST(DeskReplies, ACursorIsReadAsItWasWritten) {
  Cursor cursor = read_cursor(write_cursor({"held", "2026 x anna b"})).value();
  STRCMP_EQUAL("held", cursor.state.c_str());
  STRCMP_EQUAL("2026 x anna b", cursor.row.c_str());
  CHECK_FALSE(read_cursor("held").has_value());
  CHECK_FALSE(read_cursor("held a\nb").has_value());
}

TEST(DeskReplies, WhoActedAtTheDeskIsNamedAlone) {
  Item item =
      item_of({{"who", "ben (as the review desk says)"}, {"requested_by", "anna (as root says)"}});
  STRCMP_EQUAL("ben", item.who.c_str());
  STRCMP_EQUAL("anna (as root says)", item.requested_by.c_str());
}
