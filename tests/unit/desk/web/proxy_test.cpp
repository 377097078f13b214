#include "desk/web/proxy.h"

#include "CppUTest/TestHarness.h"

using namespace smime::desk;

TEST_GROUP(DeskProxy) {
  DeskConfig config;
  void setup() override {
    config.trusted_networks = {*Network::parse("192.0.2.0/24"), *Network::parse("::1")};
  }
};

TEST(DeskProxy, BelievesNobodyElse) {
  Origin origin = origin_of(config, {"198.51.100.7", false}, "203.0.113.9", "https");
  STRCMP_EQUAL("198.51.100.7", origin.ip.c_str());
  CHECK(!origin.secure);
}

TEST(DeskProxy, BelievesATrustedOne) {
  Origin origin = origin_of(config, {"192.0.2.1", false}, "203.0.113.9", "https");
  STRCMP_EQUAL("203.0.113.9", origin.ip.c_str());
  CHECK(origin.secure);
  CHECK(!origin_of(config, {"192.0.2.1", true}, "203.0.113.9", "http").secure);
  CHECK(origin_of(config, {"192.0.2.1", true}, "", "").secure);
}

TEST(DeskProxy, TakesTheLastThatIsNoProxy) {
  // What is before it the browser wrote itself.
  Origin origin = origin_of(config, {"::1", true}, "10.0.0.1, 203.0.113.9,192.0.2.7", "https");
  STRCMP_EQUAL("203.0.113.9", origin.ip.c_str());
  STRCMP_EQUAL("192.0.2.7", origin_of(config, {"::1", true}, "x<y, 192.0.2.7", "").ip.c_str());
  STRCMP_EQUAL("::1", origin_of(config, {"::1", true}, "203.0.113.9/8", "").ip.c_str());
}
