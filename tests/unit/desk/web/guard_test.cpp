#include "desk/web/guard.h"

#include "CppUTest/TestHarness.h"

using namespace smime::desk;

TEST_GROUP(DeskGuard) {
  HttpRequest request;
  void setup() override {
    request.host = "desk.example.org";
    request.secure = true;
  }
};

TEST(DeskGuard, ComparesSecrets) {
  CHECK(equal_secrets("abc", "abc"));
  CHECK(!equal_secrets("abc", "abd"));
  CHECK(!equal_secrets("abc", "ab"));
  CHECK(!equal_secrets("", ""));
}

TEST(DeskGuard, BelievesWhatBrowsersSay) {
  CHECK(is_from_our_pages(request));
  request.fetch_site = "same-origin";
  request.origin = "null";
  CHECK(is_from_our_pages(request));
  request.origin = "https://desk.example.org";
  CHECK(is_from_our_pages(request));
  for (const char *origin :
       {"https://evil.example", "http://desk.example.org", "https://desk.example.org.evil.example",
        "https://desk.example.org:8"}) {
    request.origin = origin;
    CHECK(!is_from_our_pages(request));
  }
  request.origin = "";
  for (const char *site : {"cross-site", "same-site", "x"}) {
    request.fetch_site = site;
    CHECK(!is_from_our_pages(request));
  }
}

TEST(DeskGuard, SetsCookies) {
  STRCMP_EQUAL("__Host-smime-desk=abc; Path=/; HttpOnly; SameSite=Strict; Secure",
               set_cookie(session_cookie_name(false), "abc", false).c_str());
  STRCMP_EQUAL("smime-desk=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0",
               set_cookie(session_cookie_name(true), "", true).c_str());
}
