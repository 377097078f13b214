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
  book[two].approvals = {{"anna", 5, ""}};
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
