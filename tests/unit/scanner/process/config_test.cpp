#include "scanner/process/config.h"

#include <CppUTest/TestHarness.h>
#include <string>

using namespace smime;

TEST_GROUP(ScannerConfig) {
  std::string error;
  void refused(const char *text, const char *place, const char *word) {
    CHECK_FALSE(parse_scanner_config(text, "f.conf", error).has_value());
    STRCMP_CONTAINS(place, error.c_str());
    STRCMP_CONTAINS(word, error.c_str());
  }
};

TEST(ScannerConfig, DefaultsAndComments) {
  auto config = parse_scanner_config("# nothing\n\n  \n", "f.conf", error);
  CHECK(config.has_value());
  LONGS_EQUAL(100, config->limits.max_depth);
  LONGS_EQUAL(10000, config->limits.max_parts);
}

TEST(ScannerConfig, Values) {
  auto config = parse_scanner_config(
      "max_message_size = 10M # small\nmax_depth=5\r\nmax_parts =50\ntimeout = 2m", "f.conf",
      error);
  CHECK_TEXT(config.has_value(), error.c_str());
  CHECK(config->limits.max_message_size == 10U * 1024 * 1024);
  LONGS_EQUAL(5, config->limits.max_depth);
  LONGS_EQUAL(50, config->limits.max_parts);
  LONGS_EQUAL(120, config->limits.timeout);
}

TEST(ScannerConfig, RefusedWithLineAndWord) {
  refused("\nmax_dept = 5\n", "f.conf:2", "max_dept");
  refused("max_depth = many\n", "f.conf:1", "many");
  refused("max_depth = 0\n", "f.conf:1", "\"0\"");
  refused("max_depth = 99999999999999999999999\n", "f.conf:1", "9999");
  refused("timeout = 5M\n", "f.conf:1", "5M");
  refused("max_message_size = 99999999G\n", "f.conf:1", "G");
  refused("max_depth\n", "f.conf:1", "max_depth");
}

TEST(ScannerConfig, Trust) {
  auto config = parse_scanner_config("", "f.conf", error);
  CHECK(config->trust.directory.empty());
  CHECK(config->trust.crl_policy == CrlPolicy::soft);
  CHECK(config->trust.min_strength == MinStrength::weak);
  CHECK_FALSE(config->trust.report_certificates);
  config = parse_scanner_config("trust_dir = /etc/smime/trust\ncrl_policy = require\n"
                                "min_strength = strong\nreport_certificates = yes\n",
                                "f.conf", error);
  CHECK_TEXT(config.has_value(), error.c_str());
  STRCMP_EQUAL("/etc/smime/trust", config->trust.directory.c_str());
  CHECK(config->trust.crl_policy == CrlPolicy::require);
  CHECK(config->trust.min_strength == MinStrength::strong);
  CHECK(config->trust.report_certificates);
  refused("\ntrust_dir = trust\n", "f.conf:2", "\"trust\"");
  refused("crl_policy = hard\n", "f.conf:1", "\"hard\"");
  refused("crl_policy = hard\n", "f.conf:1", "require, soft, off");
  refused("min_strength = medium\n", "f.conf:1", "\"medium\"");
  refused("report_certificates = maybe\n", "f.conf:1", "\"maybe\"");
}

TEST(ScannerConfig, WhoMaySignForOthers) {
  std::string pairs;
  for (int i = 0; i < 32; i++)
    pairs += ":AB";
  auto config = parse_scanner_config("seal = Example.ORG " + pairs.substr(1) +
                                         "\nseal2 = example.net CN=Mail Gateway,O=Example\n"
                                         "named_for_others = posta-certificata@* a@example.org\n",
                                     "f.conf", error);
  CHECK_TEXT(config.has_value(), error.c_str());
  LONGS_EQUAL(2, config->trust.seals.size());
  STRCMP_EQUAL("example.org", config->trust.seals[0].domain.c_str());
  LONGS_EQUAL(64, config->trust.seals[0].certificate.size());
  STRCMP_EQUAL("CN=Mail Gateway,O=Example", config->trust.seals[1].certificate.c_str());
  LONGS_EQUAL(2, config->trust.named_for_others.size());
  LONGS_EQUAL(7 * 86400, config->trust.signing_delay);
  config = parse_scanner_config("signing_delay = 2d\n", "f.conf", error);
  LONGS_EQUAL(2 * 86400, config->trust.signing_delay);
  refused("signing_delay = soon\n", "f.conf:1", "soon");
  refused("seal = example.org\n", "f.conf:1", "seal");
  refused("seal = example.org abcdef\n", "f.conf:1", "abcdef");
  refused("sealed = example.org CN=x\n", "f.conf:1", "sealed");
  refused("named_for_others = example.org\n", "f.conf:1", "example.org");
}

TEST(ScannerConfig, MissingFile) {
  CHECK(read_scanner_config("/nonexistent/f.conf", false, error).has_value());
  CHECK_FALSE(read_scanner_config("/nonexistent/f.conf", true, error).has_value());
  STRCMP_CONTAINS("/nonexistent/f.conf", error.c_str());
}

TEST(ScannerConfig, Engines) {
  auto config = parse_scanner_config("clamd = /run/clamav/clamd.ctl localhost:3310 [::1]:3310\n",
                                     "f.conf", error);
  CHECK_TEXT(config.has_value(), error.c_str());
  LONGS_EQUAL(3, config->clamd.size());
  STRCMP_EQUAL("[::1]:3310", config->clamd[2].c_str());
  refused("clamd = clamd.ctl\n", "f.conf:1", "clamd.ctl");
  refused("clamd = host:99999\n", "f.conf:1", "host:99999");
  refused("\nclamd =\n", "f.conf:2", "addresses");
}

TEST(ScannerConfig, Peers) {
  auto config = parse_scanner_config("", "f.conf", error);
  CHECK(config->trusted_users.empty());
  LONGS_EQUAL(4, config->limits.max_user_connections);
  config = parse_scanner_config("trusted_users = vmail  5000\nmax_user_connections = 7\n", "f.conf",
                                error);
  CHECK_TEXT(config.has_value(), error.c_str());
  LONGS_EQUAL(2, config->trusted_users.size());
  STRCMP_EQUAL("5000", config->trusted_users[1].c_str());
  LONGS_EQUAL(7, config->limits.max_user_connections);
  refused("max_user_connections = 0\n", "f.conf:1", "max_user_connections");
}

TEST(ScannerConfig, EscrowIsBothOrNone) {
  CHECK(parse_scanner_config("escrow_key = /k\nescrow_certificate = /c\n", "f.conf", error)
            .has_value());
  refused("escrow_key = /k\n", "f.conf", "escrow_certificate");
  refused("escrow_key = k\n", "f.conf:1", "absolute");
}
