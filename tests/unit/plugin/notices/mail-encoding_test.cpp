#include "plugin/notices/mail-encoding.h"

#include <CppUTest/TestHarness.h>

using namespace smime;

TEST_GROUP(MailEncoding){void encodes(const char *expected, std::string_view text){
    STRCMP_EQUAL(expected, quoted_printable(text).c_str());
}
}
;

TEST(MailEncoding, QuotedPrintableIsAsciiOfShortLines) {
  encodes("", "");
  encodes("a=3Db =C3=A4\r\n", "a=b \xc3\xa4");
  encodes("a=20\r\nb=09\r\n=20\r\n", "a \r\nb\t\n ");
  encodes("=2E\r\n=2Ea.\r\n", ".\n.a.\n");
  encodes("=46rom me\r\nFromage\r\na From\r\n", "From me\nFromage\na From");
  encodes("a=0Db=00\r\n", std::string_view("a\rb\0", 4));
}

TEST(MailEncoding, ALongLineIsBrokenSoftly) {
  std::string text = std::string(75, 'a') + std::string(75, '.') + "\xc3\xa4 From x";
  std::string encoded = quoted_printable(text);
  std::string decoded;
  std::size_t start = 0;
  while (start < encoded.size()) {
    std::size_t end = encoded.find("\r\n", start);
    std::string line = encoded.substr(start, end - start);
    CHECK(line.size() <= 76 && !line.starts_with('.') && !line.starts_with("From "));
    start = end + 2;
    bool soft = line.ends_with('=');
    for (std::size_t i = 0; i + (soft ? 1 : 0) < line.size(); i++) {
      if (line[i] == '=') {
        decoded += static_cast<char>(std::stoi(line.substr(i + 1, 2), nullptr, 16));
        i += 2;
      } else
        decoded += line[i];
    }
    decoded += soft ? "" : "\n";
  }
  CHECK(decoded == text + "\n");
}

TEST(MailEncoding, AFieldIsEncodedWhereItMust) {
  STRCMP_EQUAL("Subject: plain\r\n", encoded_field("Subject", "plain").c_str());
  STRCMP_EQUAL("Subject: =?utf-8?B?w6Q=?=\r\n", encoded_field("Subject", "\xc3\xa4").c_str());
  STRCMP_EQUAL("Subject: =?utf-8?B?PT91dGYtOD9CP1E/PQ==?=\r\n",
               encoded_field("Subject", "=?utf-8?B?Q?=").c_str());
  std::string text;
  for (int i = 0; i < 100; i++)
    text += "\xf0\x9f\x98\x80";
  std::string field = encoded_field("Subject", text);
  std::size_t start = 0;
  for (std::size_t end; (end = field.find("\r\n", start)) != std::string::npos; start = end + 2) {
    CHECK(end - start <= 76);
    CHECK(start == 0 || field[start] == ' ');
  }
  CHECK_EQUAL(field.size(), start);
  STRCMP_EQUAL("Subject: \r\n", encoded_field("Subject", "").c_str());
}

TEST(MailEncoding, AnAddressIsNothingElse) {
  STRCMP_EQUAL("<alice@example.org>", address_field("alice@example.org").c_str());
  STRCMP_EQUAL("<a.b+c@example.org>", address_field("a.b+c@example.org").c_str());
  for (const char *address :
       {"", "alice", "@example.org", "alice@", "a b@example.org", "a@b\r\nBcc: c@d", "a>,<b@c.d",
        "\"a\"@example.org", "a@b@c", "a@b,c", "\xc3\xa4@example.org"})
    STRCMP_EQUAL_TEXT("undisclosed-recipients:;", address_field(address).c_str(), address);
  STRCMP_EQUAL("undisclosed-recipients:;", address_field(std::string(300, 'a') + "@b.c").c_str());
}
