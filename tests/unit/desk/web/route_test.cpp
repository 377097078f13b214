#include "desk/web/route.h"

#include "CppUTest/TestHarness.h"

using namespace smime::desk;

namespace {
const std::string id = "0123456789abcdef0123456789abcdef";
}

TEST_GROUP(DeskRoute){};

TEST(DeskRoute, KnowsPages) {
  CHECK(route_of("/")->page == Page::start);
  CHECK(route_of("/held")->page == Page::held);
  CHECK(route_of("/held/" + id)->page == Page::message);
  STRCMP_EQUAL(id.c_str(), route_of("/held/" + id + "/original")->id.c_str());
  CHECK(route_of("/held/" + id + "/html")->page == Page::html);
  CHECK(route_of("/static/desk.js")->page == Page::file);
  CHECK(route_of("/api/v1/held/" + id + "/parts")->page == Page::api_parts);
  auto route = route_of("/api/v1/held/" + id + "/release");
  CHECK(route->page == Page::api_item_act && route->word == "release");
}

TEST(DeskRoute, KnowsNoOthers) {
  for (const std::string &path :
       {std::string("/held/"), "/held/" + id + "x", "/held/" + id + "/", "/held/" + id + "/release",
        "/held/" + id + "/parts", std::string("/held/../login"), std::string("/static/../en.ini"),
        std::string("/static/openapi.json"), std::string("/static/en.ini"), std::string("//"),
        std::string("/login/"), std::string("/LOGIN"), std::string("/%6cogin"), std::string(""),
        "/api/v1/held/" + id + "/html", "/api/v1/held/" + id + "/shred",
        std::string("/api/v2/held"), std::string("http://a/held")})
    CHECK_TEXT(!route_of(path), path.c_str());
}

TEST(DeskRoute, HoldsMethods) {
  CHECK(allows_method(Page::held, "GET") && allows_method(Page::held, "HEAD"));
  CHECK(!allows_method(Page::held, "POST") && !allows_method(Page::held, "PUT"));
  CHECK(allows_method(Page::act, "POST") && !allows_method(Page::act, "GET"));
  CHECK(allows_method(Page::login, "GET") && allows_method(Page::login, "POST"));
  CHECK(!allows_method(Page::login, "DELETE") && !allows_method(Page::act, "get"));
}
