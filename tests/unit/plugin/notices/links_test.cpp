#include "plugin/notices/links.h"

#include <CppUTest/TestHarness.h>
#include <string>

using namespace smime;

namespace {

constexpr const char *key = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08\n";
constexpr const char *id = "0123456789abcdef0123456789abcdef";
constexpr std::int64_t now = 1764500000;

Links links_with(const std::string &pattern) {
  Links links;
  links.pattern = pattern;
  std::string error;
  if (pattern.find("{token}") != std::string::npos)
    links.keys = TokenKeys::parse(key, error);
  return links;
}

} // namespace

TEST_GROUP(Links){};

TEST(Links, ATokenAllowsWhatTheRuleDoes) {
  Links links = links_with("https://desk.example/?t={token}");
  const std::pair<RecipientMay, TokenAct> allowed[] = {{RecipientMay::view, TokenAct::view},
                                                       {RecipientMay::request, TokenAct::request},
                                                       {RecipientMay::release, TokenAct::release}};
  for (const auto &[may, act] : allowed) {
    std::string link = link_to(links, id, "alice", may, now);
    TokenCheck check = check_token(*links.keys, link.substr(link.find('=') + 1), now);
    CHECK_TRUE(check.fault == TokenFault::none);
    CHECK_TRUE(check.token->allows == act);
    STRCMP_EQUAL(id, check.token->id.c_str());
    STRCMP_EQUAL("alice", check.token->recipient.c_str());
    CHECK_TRUE(check.token->expires > now);
  }
}

TEST(Links, WhoMayDoNothingHasNoToken) {
  STRCMP_EQUAL("", link_to(links_with("https://desk.example/?t={token}"), id, "alice",
                           RecipientMay::nothing, now)
                       .c_str());
  STRCMP_EQUAL("", link_to(links_with("https://desk.example/?t={token}"), id,
                           std::string(max_token_recipient + 1, 'a'), RecipientMay::view, now)
                       .c_str());
}

TEST(Links, WithoutATokenALinkIsForAll) {
  STRCMP_EQUAL(
      "https://desk.example/0123456789abcdef0123456789abcdef",
      link_to(links_with("https://desk.example/{id}"), id, "alice", RecipientMay::nothing, now)
          .c_str());
  STRCMP_EQUAL("", link_to(links_with(""), id, "alice", RecipientMay::release, now).c_str());
}

TEST(Links, ATokenWantsItsKeys) {
  Settings settings = parse_settings({{"smime_notice_link", "https://desk.example/?t={token}"}});
  Links links;
  std::string error;
  CHECK_FALSE(read_links(settings, links, error));
  STRCMP_CONTAINS("smime_token_key", error.c_str());
  settings.token_key = "/nowhere/key";
  CHECK_FALSE(read_links(settings, links, error));
  STRCMP_CONTAINS("/nowhere/key", error.c_str());
  settings.notice_link = "https://desk.example/{id}";
  CHECK_TRUE(read_links(settings, links, error));
}
