#include "plugin/quarantine/requests.h"

#include <CppUTest/TestHarness.h>
#include <string>

using namespace smime;

namespace {

constexpr const char *one = "0123456789abcdef0123456789abcdef";
constexpr const char *two = "1123456789abcdef0123456789abcdef";

RequestBook a_book() {
  RequestBook book;
  RequestEntry &entry = book[one];
  entry.asked = Said{"alice (as root says)", 1764500000, "the \"contract\"\n"};
  entry.approvals = {{"anna", 1764500001, ""}, {"ben", 1764500002, "fine"}};
  entry.decision = "released";
  entry.decided = {"ben", 1764500003, "fine"};
  entry.telling = true;
  entry.time = "2026-11-30T10:00:00Z";
  entry.from = "Bob <b@example.com>";
  entry.sender = "b@example.com";
  entry.to = "alice@example.org";
  entry.subject = "Vertr\xc3\xa4ge";
  book[two].approvals = {{"anna", 1764500001, ""}};
  return book;
}

} // namespace

TEST_GROUP(Requests){};

TEST(Requests, AreReadAsTheyWereWritten) {
  std::string error;
  std::string text = to_text(a_book());
  auto book = request_book_from_text(text, error);
  CHECK_TRUE(book.has_value());
  STRCMP_EQUAL(text.c_str(), to_text(*book).c_str());
  const RequestEntry &entry = book->at(one);
  STRCMP_EQUAL("the \"contract\"\n", entry.asked->why.c_str());
  LONGS_EQUAL(1764500000, entry.asked->when);
  LONGS_EQUAL(2, entry.approvals.size());
  STRCMP_EQUAL("ben", entry.decided.who.c_str());
  CHECK_TRUE(entry.telling);
  STRCMP_EQUAL("Vertr\xc3\xa4ge", entry.subject.c_str());
  CHECK_FALSE(book->at(two).asked.has_value());
  CHECK_TRUE(request_book_from_text("", error)->empty());
}

TEST(Requests, APartIsNoBook) {
  std::string text = to_text(a_book());
  std::size_t first = text.find('\n') + 1;
  for (std::size_t size = 1; size < text.size(); size++) {
    std::string error;
    auto book = request_book_from_text(text.substr(0, size), error);
    CHECK_EQUAL(size == first, book.has_value());
  }
}

TEST(Requests, WhatIsNotOursIsAnError) {
  std::string line = to_text(a_book());
  std::string error;
  std::string id = R"({"id":"0123456789abcdef0123456789abcdef",)";
  for (const std::string &text :
       {std::string("x"), std::string("{}"), std::string("[]"), std::string("null"), std::string(),
        std::string(R"({"id":"0123","approvals":[],"telling":false})"),
        id + R"("approvals":[1],"telling":false})", id + R"("approvals":[],"telling":1})",
        id + R"("approvals":[],"telling":true,"asked":{"who":"a","when":-1}})",
        id + R"("approvals":[],"telling":true,"subject":{}})"})
    CHECK_FALSE_TEXT(request_book_from_text(text + "\n", error).has_value(), text.c_str());
  CHECK_FALSE(request_book_from_text(line + line, error).has_value());
  STRCMP_CONTAINS("line 3", error.c_str());
}

// One that was cut would be another one, and count beside it.
TEST(Requests, TheLongestNameIsKeptWhole) {
  std::string name;
  while (name.size() < 320)
    name += "\xf0\x9f\x93\xac";
  RequestBook book;
  book[one].approvals.push_back({name, 1, ""});
  std::string error;
  auto read = request_book_from_text(to_text(book), error);
  CHECK_TRUE(read.has_value());
  CHECK_TRUE(name == read->at(one).approvals.at(0).who);
}

TEST(Requests, ADecisionIsKeptForWhoAsked) {
  RequestBook book = a_book();
  CHECK_TRUE(note_decision(book, one, "deleted", {"carl", 9, "no"}));
  STRCMP_EQUAL("deleted", book.at(one).decision.c_str());
  STRCMP_EQUAL("carl", book.at(one).decided.who.c_str());
  CHECK_TRUE(note_decision(book, two, "deleted", {}));
  CHECK_FALSE(book.contains(two));
  CHECK_FALSE(note_decision(book, two, "deleted", {}));
}

TEST(Requests, WhatNobodyIsToldOfGoesInTheEnd) {
  RequestBook book = a_book();
  drop_old_entries(book, 1764500003 + 89LL * 86400);
  LONGS_EQUAL(2, book.size());
  drop_old_entries(book, 1764500003 + 91LL * 86400);
  LONGS_EQUAL(1, book.size());
  CHECK_TRUE(book.contains(two));
}

TEST(Requests, WordsOfReviewersAreReadAsTheyWereWritten) {
  RequestBook book = a_book();
  KeptUntil kept{1900000000, {"anna", 1764500004, "a \"case\"", 123456}};
  Said note{"ben", 1764500005, "Gr\xc3\xbc\xc3\x9f" + std::string(max_note - 6, 'x')};
  CHECK(keep_until(book, one, kept) == BookChange::made);
  CHECK(add_note(book, two, note) == BookChange::made);
  std::string error;
  auto read = request_book_from_text(to_text(book), error);
  CHECK_TRUE(read.has_value());
  LONGS_EQUAL(1900000000, kept_until(*read, one));
  LONGS_EQUAL(0, kept_until(*read, two));
  CHECK(read->at(one).kept->said.exactly() == 1764500004123456);
  STRCMP_EQUAL("a \"case\"", read->at(one).kept->said.why.c_str());
  STRCMP_EQUAL(note.why.c_str(), read->at(two).notes.at(0).why.c_str());
  for (const char *wrong : {R"("kept":{"who":"a","when":1},)", R"("until":5,"kept":5,)",
                            R"("notes":5,)", R"("notes":[5],)"}) {
    std::string text = to_text(a_book());
    text.insert(text.find("\"approvals\""), wrong);
    CHECK_FALSE_TEXT(request_book_from_text(text, error).has_value(), wrong);
  }
}

TEST(Requests, AMessageIsNeverHeldShorter) {
  RequestBook book;
  KeptUntil later{2000, {"anna", 1, ""}};
  KeptUntil sooner{1000, {"ben", 2, ""}};
  CHECK(keep_until(book, one, later) == BookChange::made);
  CHECK(keep_until(book, one, sooner) == BookChange::made_before);
  LONGS_EQUAL(2000, kept_until(book, one));
  STRCMP_EQUAL("anna", sooner.said.who.c_str());
}

TEST(Requests, NotesAreBoundedAndOnce) {
  RequestBook book;
  for (std::size_t i = 0; i < max_notes; i++) {
    Said note{"anna", 5, std::to_string(i)};
    CHECK(add_note(book, one, note) == BookChange::made);
  }
  Said again{"anna", 9, std::to_string(max_notes - 1)};
  CHECK(add_note(book, one, again) == BookChange::made_before);
  LONGS_EQUAL(5, again.when);
  Said more{"ben", 9, "more"};
  CHECK(add_note(book, one, more) == BookChange::refused);
  CHECK_EQUAL(max_notes, book.at(one).notes.size());
}

TEST(Requests, WhatReviewersSaidGoesWithTheMessage) {
  RequestBook book = a_book();
  Said note{"anna", 5, "odd"};
  (void)add_note(book, one, note);
  (void)add_note(book, two, note);
  CHECK_TRUE(note_decision(book, one, "deleted", {}));
  CHECK_TRUE(note_decision(book, two, "deleted", {}));
  CHECK_TRUE(book.at(one).notes.empty());
  CHECK_FALSE(book.contains(two));
}

TEST(Requests, WhatNobodySpeaksOfForYearsIsDropped) {
  constexpr std::int64_t year = 366LL * 86400;
  RequestBook book;
  Said note{"anna", 10 * year, "odd"};
  (void)add_note(book, one, note);
  KeptUntil kept{18 * year, {"anna", 10 * year, ""}};
  (void)keep_until(book, two, kept);
  drop_old_entries(book, 12 * year);
  CHECK_EQUAL(2U, book.size());
  drop_old_entries(book, 20 * year);
  CHECK_FALSE(book.contains(one));
  CHECK_TRUE(book.contains(two));
}

TEST(Requests, TimesToHoldUntil) {
  constexpr std::int64_t now = 1796006640; // 2026-11-30T02:44:00Z
  LONGS_EQUAL(now + 30 * 86400, time_to_keep_until("30d", now).value_or(0));
  LONGS_EQUAL(1798675200, time_to_keep_until("2026-12-31", now).value_or(0));
  LONGS_EQUAL(1798675201, time_to_keep_until("2026-12-31T00:00:01Z", now).value_or(0));
  for (const char *wrong : {"", "0d", "30", "x", "2026-11-30", "2026-13-01", "2046-01-01", "11y"})
    CHECK_FALSE_TEXT(time_to_keep_until(wrong, now).has_value(), wrong);
}
