#include "scanner/verify/senders.h"

#include <CppUTest/TestHarness.h>
#include <string>
#include <utility>
#include <vector>

using namespace smime;

namespace {

Bytes bytes(const std::string &text) {
  return {reinterpret_cast<const unsigned char *>(text.data()), text.size()};
}

std::string joined(const std::vector<std::string> &words) {
  std::string text;
  for (const std::string &word : words)
    text += (text.empty() ? "" : " ") + word;
  return text;
}

struct Case {
  std::string field;
  const char *addresses;
  const char *in_name;
  bool odd;
};

const Case cases[] = {
    {"alice@example.org", "alice@example.org", "", false},
    {"Alice <alice@example.org>", "alice@example.org", "", false},
    {"  Alice\r\n\t<alice@example.org>  ", "alice@example.org", "", false},
    {"\"A, B\" <alice@example.org>", "alice@example.org", "", false},
    {"a@example.org, b@example.org", "a@example.org b@example.org", "", false},
    {"Team: a@example.org, b@example.org;", "a@example.org b@example.org", "", false},
    {"o'brien@example.org", "o'brien@example.org", "", false},
    {"\"o'brien@example.org\" <o'brien@example.org>", "o'brien@example.org", "", false},
    {"\"'alice@example.org'\" <alice@example.org>", "alice@example.org", "", false},
    {"\"ALICE@example.ORG\" <alice@example.org>", "alice@example.org", "", false},
    {"\"Bob @ Example\" <alice@example.org>", "alice@example.org", "", false},
    {"\"a b\"@example.org", "a b@example.org", "", false},
    {"", "", "", true},
    {" ", "", "", true},
    {"nobody:;", "", "", true},
    {"<>", "", "", true},
    {"Alice", "", "", true},
    {"Alice <alice@example.org", "alice@example.org", "", true},
    {"alice@example.org x", "alice@example.org", "", true},
    {"alice@example.org,", "alice@example.org", "", true},
    {"alice@example.org (", "", "alice@example.org", true},
    {"alice@example.org \\", "alice@example.org", "", true},
    {"<@a.example,@b.example:alice@example.org>", "alice@example.org", "", true},
    {"a@example.org, end-of-field@sentinel.invalid x", "", "end-of-field@sentinel.invalid", true},
    {"\"boss@example.com\" <alice@example.org>", "alice@example.org", "boss@example.com", false},
    {"alice@example.org (boss@example.com)", "alice@example.org", "boss@example.com", false},
    {"A (boss@example.com) <alice@example.org>", "alice@example.org", "boss@example.com", false},
    {"\"boss@example.com\": alice@example.org;", "alice@example.org", "boss@example.com", false},
    {"=?utf-8?b?Ym9zc0BleGFtcGxlLmNvbQ==?= <alice@example.org>", "alice@example.org",
     "boss@example.com", false},
    {"=?us-ascii*en?q?boss=40example.com?= <alice@example.org>", "alice@example.org",
     "boss@example.com", false},
    {"\"boss\uff20example\u3002com\" <alice@example.org>", "alice@example.org", "boss@example.com",
     false},
    {"\"alice@example.org.example.com\" <alice@example.org>", "alice@example.org",
     "alice@example.org.example.com", false},
    {"alice@example.org <alice@example.org>", "alice@example.org", "", false},
    {"boss@example.com <alice@example.org>", "alice@example.org", "boss@example.com", false},
    {"Example, Alice <alice@example.org>", "alice@example.org", "", false},
    {"boss@example.com Example, Alice <alice@example.org>", "alice@example.org", "boss@example.com",
     false},
    {"Alice <b@example.org> <alice@example.org>", "b@example.org", "alice@example.org", true},
    {"=?ks_c_5601-1987?q?Alice?= <alice@example.org>", "alice@example.org", "", false},
    {"=?CP850?q?Alice?= <alice@example.org>", "alice@example.org", "", false},
    {"=?ANSI_X3.4-1968?q?boss=40example.com?= <alice@example.org>", "alice@example.org",
     "boss@example.com", false},
    {"=?x-never-heard-of?q?Alice?= <alice@example.org>", "alice@example.org", "", false},
    {"=?utf-16?b?AEA=?= <alice@example.org>", "alice@example.org", "", true},
    {"=?ibm500?q?=83=85=96=7c?= <alice@example.org>", "alice@example.org", "", true},
    {"=?cp1200?q?=00c=00e?= <alice@example.org>", "alice@example.org", "", true},
    {"=?csUnicode?q?ab?= <alice@example.org>", "alice@example.org", "", true},
    {"=?gb2312?q?ceo=a3=c0corp?= <alice@example.org>", "alice@example.org", "", true},
    {"=?iso-2022-jp?b?Y2VvGyRCIXcbKEJjb3Jw?= <alice@example.org>", "alice@example.org", "", true},
    {"=?shift_jis?q?ceo=81=97corp?= <alice@example.org>", "alice@example.org", "", true},
    {"=?big5?q?ceo=a2Icorp?= <alice@example.org>", "alice@example.org", "", true},
    {"=?iso-8859-5?q?=b0=b1?= <alice@example.org>", "alice@example.org", "", false},
    {"=?euc-kr?q?=b0=a1?= <alice@example.org>", "alice@example.org", "", false},
    // Clients decode what is no encoded word by the letter of RFC 2047 as well.
    {"=?utf-8?q?boss =40example.com?= <alice@example.org>", "alice@example.org", "", false},
    {"=?utf-8?q?big boss=40example.com?= <alice@example.org>", "alice@example.org",
     "boss@example.com", false},
    {"=?utf-8?Q?a?boss=40example.com?= <alice@example.org>", "alice@example.org",
     "a?boss@example.com", false},
    {"=?utf-8?b?Ym9zc0Bl eGFtcGxl LmNvbQ==?= <alice@example.org>", "alice@example.org",
     "boss@example.com", false},
    {"=?utf-8?q?one two?= =?utf-8?q?three four?= <alice@example.org>", "alice@example.org", "",
     false},
    {"=?utf-8?x?boss =40example.com?= <alice@example.org>", "alice@example.org", "", false},
    {"=?utf-8?q?boss =40example.com <alice@example.org>", "alice@example.org", "", false},
    // Bytes whose charset nobody names.
    {"J\xf6rg <alice@example.org>", "alice@example.org", "", false},
    {"ceo\xa3\xc0"
     "corp.example <alice@example.org>",
     "alice@example.org", "", true},
    {"ceo\x81\x97"
     "corp.example <alice@example.org>",
     "alice@example.org", "", true},
    {"\xe5\x81\x97 <alice@example.org>", "alice@example.org", "", false},
    {"=?cp037?q?=7c?= <alice@example.org>", "alice@example.org", "", true},
};

} // namespace

TEST_GROUP(Senders){};

TEST(Senders, Fields) {
  for (const Case &one : cases) {
    Senders from;
    from.add("From", bytes(one.field));
    // A NUL leaves nothing that could be trusted.
    if (one.field.find('\0') == std::string::npos || !one.odd)
      STRCMP_EQUAL_TEXT(one.in_name, from.address_in_name.c_str(), one.field.c_str());
    STRCMP_EQUAL_TEXT(one.addresses, joined(from.from).c_str(), one.field.c_str());
    CHECK_EQUAL_TEXT(one.odd, !from.odd.empty(), one.field.c_str());
    LONGS_EQUAL(1, from.from_fields);
    Senders sender;
    sender.add("Sender", bytes(one.field));
    STRCMP_EQUAL_TEXT(one.addresses, joined(sender.sender).c_str(), one.field.c_str());
    CHECK_EQUAL_TEXT(one.odd, !sender.odd.empty(), one.field.c_str());
    LONGS_EQUAL(0, sender.from_fields);
  }
}

TEST(Senders, WhatIsMeantToMislead) {
  for (const std::string &field :
       {std::string("\"\u202egro\" <alice@example.org>"), std::string("alice@example.org\0", 18),
        std::string("\"\u2067x\" <alice@example.org>")}) {
    Senders senders;
    senders.add("From", bytes(field));
    CHECK_TEXT(!senders.misleading.empty(), field.c_str());
  }
  Senders honest;
  honest.add("From", bytes("=?x-never-heard-of?q?Alice?= <alice@example.org>"));
  CHECK(honest.misleading.empty() && honest.odd.empty() && !honest.note.empty());
}

TEST(Senders, SeveralFields) {
  Senders senders;
  senders.add("From", bytes("a@example.org"));
  senders.add("From", bytes("b@example.org"));
  LONGS_EQUAL(2, senders.from_fields);
  STRCMP_EQUAL("a@example.org b@example.org", joined(senders.from).c_str());
}

// Fields, and whether they name different addresses.
TEST(Senders, RepeatedFields) {
  struct Case {
    std::vector<std::pair<const char *, const char *>> fields;
    bool contradicting;
  };
  const Case cases[] = {
      {{{"From", "a@example.org"}}, false},
      {{{"From", "a@example.org"}, {"Sender", "b@example.org"}}, false},
      {{{"From", "a@example.org"}, {"From", "a@example.org"}}, false},
      {{{"from", "A <a@example.org>"}, {"FROM", "B <A@Example.org>"}}, false},
      {{{"From", "a@example.org, b@example.org"}, {"From", "b@example.org, a@example.org"}}, false},
      {{{"From", "a@example.org"}, {"From", "b@example.org"}}, true},
      {{{"From", "a@example.org"}, {"From", "a@example.org, b@example.org"}}, true},
      {{{"From", "a@example.org, b@example.org"}, {"From", "a@example.org"}}, true},
      {{{"From", "a@example.org"}, {"From", ""}}, true},
      {{{"From", ""}, {"From", "a@example.org"}}, true},
      {{{"From", "a@example.org"}, {"From", "a@example.org"}, {"From", "b@example.org"}}, true},
      {{{"Sender", "a@example.org"}, {"Sender", "a@example.org"}}, false},
      {{{"Sender", "a@example.org"}, {"Sender", "b@example.org"}}, true},
  };
  for (const Case &one : cases) {
    Senders senders;
    std::string text;
    for (const auto &[name, value] : one.fields) {
      senders.add(name, bytes(value));
      text += std::string(name) + ": " + value + "; ";
    }
    CHECK_EQUAL_TEXT(one.contradicting, senders.contradicting, text.c_str());
  }
}

// Each word once: a header that is all "@" takes no time that grows with its square.
TEST(Senders, ManyMarks) {
  std::string marks;
  for (int i = 0; i < 32000; i++)
    marks += "@.";
  Senders senders;
  for (int i = 0; i < 20; i++)
    senders.add("From", bytes("Alice a" + marks + " <alice@example.org>"));
  CHECK(!senders.address_in_name.empty());
}

TEST(Senders, OtherFields) {
  for (const char *name : {"From", "SENDER", "date", "List-Id", "Reply-To", "X-Original-From"})
    CHECK_TEXT(Senders::wants(name), name);
  for (const char *name : {"", "Fro", "From2", "To", "Subject", "Resent-From"})
    CHECK_FALSE_TEXT(Senders::wants(name), name);
  Senders senders;
  senders.add("Date", bytes("Tue, 24 Nov 2026 12:00:00 +0000"));
  senders.add_too_long("Date");
  senders.add_too_long("List-Id");
  CHECK(senders.dates.latest.has_value() && senders.odd.empty() && senders.from_fields == 0);
  senders.add_too_long("From");
  CHECK(!senders.odd.empty());
}

TEST(Senders, ManyAddresses) {
  std::string field = "a0@example.org";
  for (int i = 1; i < 16; i++)
    field += ", a" + std::to_string(i) + "@example.org";
  Senders at_bound;
  at_bound.add("From", bytes(field));
  LONGS_EQUAL(16, at_bound.from.size());
  CHECK(at_bound.odd.empty());
  Senders over;
  over.add("From", bytes(field + ", b@example.org"));
  CHECK(!over.odd.empty());
  LONGS_EQUAL(Senders::max_addresses, over.from.size());
  Senders far_over;
  for (int i = 0; i < 5000; i++)
    field += ", b@example.org";
  far_over.add("From", bytes(field));
  CHECK(!far_over.odd.empty());
}

TEST(Senders, SameAddress) {
  CHECK(is_same_address("Alice@Example.org", "alice@example.ORG"));
  CHECK(!is_same_address("alice@example.org", "alice@example.org."));
  CHECK(!is_same_address("älice@example.org", "Älice@example.org"));
  CHECK(!is_same_address("", "a"));
  CHECK(is_same_address("alice@b\u00fccher.example", "Alice@xn--bcher-kva.example"));
  CHECK(is_same_address("alice@XN--BCHER-KVA.example", "alice@B\u00fccher.example"));
  CHECK(!is_same_address("b\u00fccher.example", "xn--bcher-kva.example"));
  CHECK(!is_same_address("alice@b\u00fccher.example", "bob@xn--bcher-kva.example"));
  CHECK(!is_same_address("alice@ex\u0430mple.org", "alice@example.org"));
  CHECK(is_same_address("", ""));
  STRCMP_EQUAL("example.org", domain_of("Alice@EXAMPLE.org").c_str());
  STRCMP_EQUAL("example.com", domain_of("\"a@example.org\"@example.com").c_str());
  STRCMP_EQUAL("", domain_of("alice").c_str());
}
