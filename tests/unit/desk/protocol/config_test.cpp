#include "desk/protocol/config.h"

#include <CppUTest/TestHarness.h>
#include <string>

using namespace smime::desk;

namespace {

DeskConfig parsed(const char *text) {
  std::string error;
  auto config = parse_desk_config(text, "desk.conf", error);
  STRCMP_EQUAL("", error.c_str());
  return config.value_or(DeskConfig{});
}

void refused(const char *expected, const char *text) {
  std::string error;
  CHECK_FALSE_TEXT(parse_desk_config(text, "desk.conf", error).has_value(), text);
  STRCMP_EQUAL(expected, error.c_str());
}

bool in(const char *network, const char *address) {
  return Network::parse(network).value().contains(address);
}

} // namespace

TEST_GROUP(DeskConfig){};

TEST(DeskConfig, HasDefaultsThatAreSafe) {
  DeskConfig config = parsed("# nothing\n\n");
  LONGS_EQUAL(900, config.idle_time);
  LONGS_EQUAL(28800, config.absolute_time);
  CHECK_FALSE(config.insecure);
  CHECK_FALSE(config.html_view);
  CHECK(config.reviewer_logins == ReviewerLogins::master);
  CHECK_FALSE(config.trusts("127.0.0.1"));
}

TEST(DeskConfig, ReadsEverySetting) {
  DeskConfig config = parsed(
      "idle_time = 2m\nabsolute_time=1h # a day's work\nlanguage = de\n"
      "trusted_networks = 192.0.2.0/24 ::1\nhtml_view = yes\n"
      "reviewer_logins = any\nmaster_login = alice\ntexts = /t\ntoken_file = /f\ninsecure = yes");
  LONGS_EQUAL(120, config.idle_time);
  LONGS_EQUAL(3600, config.absolute_time);
  CHECK(config.language == Language::de);
  CHECK(config.reviewer_logins == ReviewerLogins::any);
  CHECK(config.html_view && config.insecure);
  STRCMP_EQUAL("alice", config.master_login.c_str());
  STRCMP_EQUAL("/t", config.texts.c_str());
  STRCMP_EQUAL("/f", config.token_file.c_str());
  CHECK(config.trusts("192.0.2.77") && config.trusts("::1") && !config.trusts("192.0.3.1"));
}

TEST(DeskConfig, NamesTheLineAndTheWord) {
  refused("desk.conf:2: unknown setting \"idle\"", "\nidle = 1m");
  refused("desk.conf:1: expected \"key = value\", found \"idle_time\"", "idle_time");
  refused("desk.conf:1: \"0\" is no value for idle_time (1s to 7d)", "idle_time = 0");
  refused("desk.conf:1: \"8d\" is no value for idle_time (1s to 7d)", "idle_time = 8d");
  refused("desk.conf:1: \"5x\" is no value for idle_time (1s to 7d)", "idle_time = 5x");
  refused("desk.conf:1: \"fr\" is no value for language (auto, en, de)", "language = fr");
  refused("desk.conf:1: \"on\" is no value for insecure (no, yes)", "insecure = on");
  refused("desk.conf:1: \"t\" is no absolute path for texts", "texts = t");
  refused("desk.conf:1: \"10.0.0.0/33\" is no value for trusted_networks (192.0.2.1, "
          "192.0.2.0/24, 2001:db8::/32)",
          "trusted_networks = 10.0.0.0/33");
  refused("desk.conf:1: \"*\" is no value for master_login (a user's name)", "master_login = *");
  refused("desk.conf: idle_time is longer than absolute_time", "absolute_time = 5m");
}

TEST(DeskConfig, ANetworkHasTheAddressesOfItsBits) {
  CHECK_TRUE(in("192.0.2.1", "192.0.2.1"));
  CHECK_FALSE(in("192.0.2.1", "192.0.2.2"));
  CHECK_TRUE(in("192.0.2.0/25", "192.0.2.127"));
  CHECK_FALSE(in("192.0.2.0/25", "192.0.2.128"));
  CHECK_TRUE(in("192.0.2.0/24", "::ffff:192.0.2.9"));
  CHECK_TRUE(in("2001:db8::/32", "2001:db8:1::9"));
  CHECK_FALSE(in("2001:db8::/32", "2001:db9::1"));
  CHECK_TRUE(in("0.0.0.0/0", "203.0.113.1"));
  CHECK_FALSE(in("0.0.0.0/0", "2001:db8::1"));
  CHECK_FALSE(in("0.0.0.0/0", "nonsense"));
  for (const char *text : {"", "x", "1.2.3", "1.2.3.4/", "1.2.3.4/x", "::/129", "1.2.3.4/8x"})
    CHECK_FALSE_TEXT(Network::parse(text).has_value(), text);
}
