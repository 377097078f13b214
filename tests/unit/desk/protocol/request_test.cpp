#include "desk/protocol/request.h"

#include <CppUTest/TestHarness.h>
#include <string>

using namespace smime::desk;

namespace {

const std::string id = "0123456789abcdef0123456789abcdef";

std::string error_of(const std::string &json) {
  ReadRequest read = read_request(json);
  CHECK_TEXT(read.request.has_value() == read.error.empty(), json.c_str());
  return read.error;
}

void refused(const char *error, const std::string &json) {
  STRCMP_EQUAL_TEXT(error, error_of(json).c_str(), json.c_str());
}

void comes_back(const RequestBody &body) {
  Request request{7, "session-1", "", "192.0.2.1", body};
  std::string json = write_request(request);
  ReadRequest read = read_request(json);
  STRCMP_EQUAL_TEXT("", read.error.c_str(), json.c_str());
  STRCMP_EQUAL(json.c_str(), write_request(*read.request).c_str());
  CHECK(read.request->body.index() == body.index());
}

std::string act_with(const std::string &members) {
  return R"({"id":1,"type":"act","session":"s",)" + members + "}";
}

} // namespace

TEST_GROUP(DeskRequest){};

TEST(DeskRequest, EachTypeIsReadAsItWasWritten) {
  ItemKey item{id, "anna@example.org"};
  comes_back(LogoutRequest{});
  comes_back(WhoamiRequest{});
  Filter filter;
  filter.cls = "encrypted";
  filter.q = "größe";
  comes_back(ListRequest{filter, "-time", 10, "2026-11-30T00:00:00Z " + id + " anna"});
  comes_back(ShowRequest{item});
  comes_back(PartsRequest{item});
  comes_back(OriginalRequest{item});
  comes_back(ActRequest{Act::reject, {item, item}, "why", "a\nb", "INBOX", "30d", true});
  comes_back(OverviewRequest{7});
}

TEST(DeskRequest, ALoginAndATokenHaveNoSession) {
  Request request{1, "", "", "192.0.2.1", LoginRequest{"anna", "p\x01w", true}};
  ReadRequest read = read_request(write_request(request));
  STRCMP_EQUAL("", read.error.c_str());
  auto login = std::get<LoginRequest>(read.request->body);
  STRCMP_EQUAL("p\x01w", login.password.c_str());
  CHECK(login.secure);
  for (const char *type : {"login", "token-check", "token-act"})
    CHECK_FALSE(error_of(std::string(R"({"id":1,"type":")") + type +
                         R"(","name":"a","password":"b","token":"t","act":"release",)" +
                         R"("session":"x"})")
                    .empty());
}

TEST(DeskRequest, DefaultsStandForWhatIsMissing) {
  auto list = std::get<ListRequest>(
      read_request(R"({"id":1,"type":"list","session":"s"})").request.value().body);
  LONGS_EQUAL(default_list, list.limit);
  STRCMP_EQUAL("", list.sort.c_str());
  auto overview = std::get<OverviewRequest>(
      read_request(R"({"id":1,"type":"overview","session":"s"})").request.value().body);
  LONGS_EQUAL(30, overview.days);
}

TEST(DeskRequest, WhatIsNoRequestIsRefused) {
  refused("request: it is no JSON", "");
  refused("request: it is no JSON", "{");
  refused("request: it is no JSON", "{\"id\":1,\"type\":\"\xff\"}");
  refused("request: it is no object", "[]");
  refused("request: type is missing", "{}");
  refused("request: type is not known", R"({"id":1,"type":"shell"})");
  refused("request: type is no text", R"({"id":1,"type":1})");
  refused("request: it has a member that is not known", R"({"id":1,"type":"whoami","x":1})");
  refused("request: id is no whole number", R"({"id":-1,"type":"whoami"})");
  refused("request: id is no whole number", R"({"id":1.5,"type":"whoami"})");
}

TEST(DeskRequest, AnErrorHasTheNumberOfItsRequest) {
  LONGS_EQUAL(9, read_request(R"({"id":9,"type":"shell"})").id);
}

TEST(DeskRequest, BoundsHold) {
  refused("request: limit is not from 1 to 200", R"({"id":1,"type":"list","limit":201})");
  refused("request: limit is not from 1 to 200", R"({"id":1,"type":"list","limit":0})");
  refused("request: days is not from 1 to 366", R"({"id":1,"type":"overview","days":367})");
  refused("filter: q has more than 512 bytes",
          R"({"id":1,"type":"list","filter":{"q":")" + std::string(513, 'x') + "\"}}");
  std::string items;
  for (int number = 0; number < 201; number++)
    items += (number == 0 ? "" : ",") + (R"({"id":")" + id + R"(","user":"a"})");
  refused("request: items has more than 200 elements",
          act_with(R"("act":"release","items":[)" + items + "]"));
  refused("request: items are missing", act_with(R"("act":"release","items":[])"));
}

TEST(DeskRequest, NothingIsAnIdButAnId) {
  for (const char *text :
       {"--help", "-A", "0123456789ABCDEF0123456789ABCDEF", "0123456789abcdef0123456789abcdeg",
        "0123456789abcdef0123456789abcde", "0123456789abcdef0123456789abcdef0"})
    refused("item: id is none of a held message",
            std::string(R"({"id":1,"type":"show","item":{"user":"a","id":")") + text + "\"}}");
}

TEST(DeskRequest, ControlBytesAreRefusedWhereTheyMayNotStand) {
  refused("item: user has characters that may not stand in it",
          R"({"id":1,"type":"show","item":{"user":"a\nb","id":")" + id + "\"}}");
  refused("item: user has characters that may not stand in it",
          R"({"id":1,"type":"show","item":{"user":"a\u0000","id":")" + id + "\"}}");
  refused("request: reason has characters that may not stand in it",
          act_with(R"("act":"release","reason":"a\tb","items":[{"user":"a","id":")" + id + "\"}]"));
  refused(
      "request: text has characters that may not stand in it",
      act_with(R"("act":"reject","text":"a\u0000b","items":[{"user":"a","id":")" + id + "\"}]"));
  refused("request: password has characters that may not stand in it",
          R"({"id":1,"type":"login","name":"a","password":"a\u0000b"})");
}

TEST(DeskRequest, ATokenIsForTwoActs) {
  refused("request: a token is for release and request alone",
          R"({"id":1,"type":"token-act","token":"t","act":"delete"})");
  refused("request: act is not known", R"({"id":1,"type":"token-act","token":"t","act":"drop"})");
}

TEST(DeskRequest, WhatIsDeepIsReadToItsEnd) {
  CHECK_FALSE(error_of(std::string(5000, '[')).empty());
  CHECK_FALSE(error_of(R"({"id":1,"type":"list","filter":)" + std::string(2000, '[') +
                       std::string(2000, ']') + "}")
                  .empty());
}
