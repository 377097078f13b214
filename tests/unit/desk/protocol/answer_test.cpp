#include "desk/protocol/answer.h"

#include <CppUTest/TestHarness.h>
#include <string>

using namespace smime::desk;

namespace {

// The body, written and read, as JSON.
std::string there_and_back(const AnswerBody &body, const char *type) {
  auto head = read_answer_head(write_answer({5, false, body}));
  CHECK_TRUE(head.has_value());
  LONGS_EQUAL(5, head->id);
  CHECK_FALSE(head->more);
  std::string error;
  auto read = read_answer(head->object, type, error);
  STRCMP_EQUAL_TEXT("", error.c_str(), type);
  CHECK_TEXT(read.has_value() && read->index() == body.index(), type);
  return json_of(*read).dump();
}

void comes_back(const AnswerBody &body, const char *type) {
  if (std::holds_alternative<OverviewAnswer>(body))
    return;
  STRCMP_EQUAL_TEXT(json_of(body).dump().c_str(), there_and_back(body, type).c_str(), type);
}

Item an_item() {
  Item item;
  item.id = "0123456789abcdef0123456789abcdef";
  item.user = "anna@example.org";
  item.subject = "<b>\xe2\x80\xae";
  item.classes = {"encrypted", "signed"};
  item.size = 12345;
  item.requested_by = "anna@example.org";
  return item;
}

} // namespace

TEST_GROUP(DeskAnswer){};

TEST(DeskAnswer, EachTypeIsReadAsItWasWritten) {
  comes_back(Failure{ErrorCode::too_large, "no"}, "list");
  comes_back(EmptyAnswer{}, "logout");
  comes_back(Identity{"s", "c", "carla", Kind::reviewer, {"show", "release"}}, "login");
  comes_back(ListAnswer{{an_item(), an_item()}, "cursor", 3}, "list");
  comes_back(ListAnswer{}, "list");
  comes_back(ShowAnswer{an_item(),
                        {{"class", {"signed"}}},
                        {{"w", "held", "x", "y"}},
                        {{"w", "carla", "note"}},
                        {"release"}},
             "show");
  Part part{"1.2", "text/plain", "a.txt", 5, "read", "ab", "hello", true, std::nullopt};
  comes_back(PartsAnswer{{{"Subject", "x"}}, {part, Part{}}}, "parts");
  comes_back(DataAnswer{std::string("\0\xff", 2)}, "original");
  comes_back(ActAnswer{{{"id", "user", "done", "text"}}}, "act");
  comes_back(TokenAnswer{"id", "user", "to", "view", "2026", an_item()}, "token-check");
}

TEST(DeskAnswer, AnOverviewIsGivenOnAsItCame) {
  auto head = read_answer_head(write_answer({1, false, OverviewAnswer{{{"days", {1, 2}}}}}));
  std::string error;
  auto read = read_answer(head->object, "overview", error);
  CHECK(std::get<OverviewAnswer>(*read).overview["days"] == nlohmann::json({1, 2}));
}

TEST(DeskAnswer, SaysWhetherMoreFollows) {
  CHECK_TRUE(read_answer_head(write_answer({1, true, DataAnswer{"x"}}))->more);
}

TEST(DeskAnswer, WhatIsNoUtf8IsReplacedAndDoesNotThrow) {
  std::string json = write_answer({1, false, ActAnswer{{{"a\xff", "b", "done", ""}}}});
  CHECK(json.find("a\xef\xbf\xbd") != std::string::npos);
}

TEST(DeskAnswer, WrongTypesAreRefused) {
  CHECK_FALSE(read_answer_head("[]").has_value());
  CHECK_FALSE(read_answer_head(R"({"id":"x"})").has_value());
  std::string error;
  for (const auto &[type, json] :
       {std::pair("list", R"({"ok":true,"items":[1]})"),
        std::pair("list", R"({"ok":true,"items":{}})"), std::pair("list", R"({"ok":1})"),
        std::pair("show", R"({"ok":true,"record":[]})"),
        std::pair("original", R"({"ok":true,"data":"*"})"),
        std::pair("login", R"({"ok":true,"acts":[{}]})")})
    CHECK_FALSE_TEXT(read_answer(nlohmann::json::parse(json), type, error).has_value(), json);
}
