#include "scanner/verify/punycode.h"

#include <CppUTest/TestHarness.h>
#include <string>

using namespace smime;

TEST_GROUP(Punycode){};

// Of RFC 3492 section 7.1, and of domains that people have.
TEST(Punycode, Domains) {
  const struct {
    std::string domain;
    const char *ascii;
  } cases[] = {
      {"example.org", "example.org"},
      {"EXAMPLE.org", "example.org"},
      {"b\u00fccher.example", "xn--bcher-kva.example"},
      {"www.B\u00fccher.EXAMPLE", "www.xn--bcher-kva.example"},
      {"m\u00fcnchen", "xn--mnchen-3ya"},
      {"stra\u00dfe.example", "xn--strae-oqa.example"},
      {"\u4ed6\u4eec\u4e3a\u4ec0\u4e48\u4e0d\u8bf4\u4e2d\u6587", "xn--ihqwcrb4cv8a8dqg056pqjye"},
      {"\u043f\u043e\u0447\u0435\u043c\u0443\u0436\u0435\u043e\u043d\u0438\u043d\u0435\u0433\u043e"
       "\u0432\u043e\u0440\u044f\u0442\u043f\u043e\u0440\u0443\u0441\u0441\u043a\u0438",
       "xn--b1abfaaepdrnnbgefbadotcwatmq2g4l"},
      {"3\u5e74b\u7d44\u91d1\u516b\u5148\u751f", "xn--3b-ww4c5e180e575a65lsy2b"},
      {"\U0001f4e7.example", "xn--du8h.example"},
      {"", ""},
      {".", "."},
      {"a..b", "a..b"},
      {"xn--bcher-kva.example", "xn--bcher-kva.example"},
      {"b\xfc.example", "b\xfc.example"},
      {"\xc3", "\xc3"},
      {"\xf5\x80\x80\x80", "\xf5\x80\x80\x80"},
  };
  for (const auto &one : cases)
    STRCMP_EQUAL_TEXT(one.ascii, ascii_domain(one.domain).c_str(), one.domain.c_str());
}

// Letters that look alike, and the same letter in pieces, stay what they are.
TEST(Punycode, OtherDomains) {
  CHECK(ascii_domain("ex\u0430mple.org") != "example.org");
  CHECK(ascii_domain("bu\u0308cher.example") != ascii_domain("b\u00fccher.example"));
}

TEST(Punycode, LongLabels) {
  std::string label;
  for (int i = 0; i < 20000; i++)
    label += "\u00fc";
  STRCMP_EQUAL(label.c_str(), ascii_domain(label).c_str());
  std::string highest;
  for (int i = 0; i < 62; i++)
    highest += "\U0010ffff";
  STRCMP_EQUAL(("a" + highest).c_str(), ascii_domain("a" + highest).c_str());
}
