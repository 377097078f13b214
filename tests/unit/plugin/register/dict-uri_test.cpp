#include "plugin/register/dict-uri.h"

#include <CppUTest/TestHarness.h>

using namespace smime;

TEST_GROUP(DictUri){};

TEST(DictUri, AProxyNamesALineOfDict) {
  std::string error;
  CHECK_EQUAL("smime", parse_dict_uri("proxy::smime", error)->name);
  CHECK_EQUAL("smime", parse_dict_uri("proxy:dict-async:smime", error)->name);
  CHECK_EQUAL("smime", parse_dict_uri("proxy:/run/dovecot/dict:smime", error)->name);
}

TEST(DictUri, OthersAreDriverAndFile) {
  std::string error;
  auto uri = parse_dict_uri("sqlite:/etc/dovecot/register.conf.ext", error);
  CHECK_EQUAL("sqlite", uri->driver);
  CHECK_EQUAL("/etc/dovecot/register.conf.ext", uri->file);
  CHECK_EQUAL("", uri->name);
}

TEST(DictUri, NothingElseIsADict) {
  for (const char *uri : {"", "proxy", "proxy:", "proxy::", "proxy::a/b", "sqlite", "sqlite:x",
                          ":/x", "file:/x", "mysql:/x"}) {
    std::string error;
    CHECK_FALSE(parse_dict_uri(uri, error).has_value());
    CHECK(!error.empty());
  }
}

TEST(DictUri, ConnectIsALineOfTheFile) {
  CHECK_EQUAL("/var/lib/x", connect_of("# connect = no\n  connect = /var/lib/x \nmap {\n}\n"));
  CHECK_EQUAL("host=a dbname=b", connect_of("connect=host=a dbname=b\r\n"));
  CHECK_EQUAL("", connect_of("connected = 5\n#connect = 6\n"));
}
