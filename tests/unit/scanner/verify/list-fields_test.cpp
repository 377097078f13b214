#include "scanner/verify/list-fields.h"

#include <CppUTest/TestHarness.h>
#include <string>
#include <utility>
#include <vector>

using namespace smime;

namespace {

const char *const alice = "alice@example.org";

struct Case {
  const char *name;
  std::vector<std::pair<const char *, const char *>> fields;
  const char *from;
  bool rewrote;
};

const Case cases[] = {
    {"Mailman 3",
     {{"List-Id", "A list <dev.lists.example.net>"},
      {"List-Post", "<mailto:dev@lists.example.net>"},
      {"Reply-To", "Alice <alice@example.org>"}},
     "dev@lists.example.net",
     true},
    {"Mailman 2, replies to the list",
     {{"List-Id", "<dev.lists.example.net>"}, {"CC", "bob@example.org, Alice <Alice@Example.org>"}},
     "dev@lists.example.net",
     true},
    {"Google Groups",
     {{"List-ID", "<dev.example.net>"},
      {"List-Post", "<https://groups.example.net/dev/post>, <mailto:dev@example.net>"},
      {"X-Original-From", "Alice <alice@example.org>"}},
     "dev@example.net",
     true},
    {"Author (RFC 9057)",
     {{"List-Post", "<mailto:dev@example.net?subject=x>"}, {"Author", "alice@example.org"}},
     "DEV@example.net",
     true},
    {"of the IETF",
     {{"List-Id", "<cose.example.net>"}},
     "alice=40example.org@dmarc.example.net",
     true},
    {"groups.io",
     {{"List-Id", "<dev.groups.example.net>"}},
     "alice=example.org@groups.example.net",
     true},
    {"nobody is named",
     {{"List-Id", "<dev.lists.example.net>"}, {"Reply-To", "dev@lists.example.net"}},
     "dev@lists.example.net",
     false},
    {"somebody else is named",
     {{"List-Id", "<dev.lists.example.net>"}, {"Reply-To", "mallory@example.org"}},
     "dev@lists.example.net",
     false},
    {"an address that is not the list's",
     {{"List-Id", "<dev.lists.example.net>"}, {"Reply-To", "alice@example.org"}},
     "boss@example.com",
     false},
    {"another address of the list's domain",
     {{"List-Post", "<mailto:dev@example.net>"}, {"Reply-To", "alice@example.org"}},
     "boss@example.net",
     false},
    {"no list", {{"Reply-To", "alice@example.org"}}, "dev@lists.example.net", false},
    {"nobody may post",
     {{"List-Post", "NO (announcements)"}, {"Reply-To", "alice@example.org"}},
     "dev@lists.example.net",
     false},
    {"wrapped for another",
     {{"List-Id", "<cose.example.net>"}},
     "mallory=40example.org@dmarc.example.net",
     false},
    {"wrapped in another domain",
     {{"List-Id", "<cose.example.net>"}},
     "alice=40example.org@example.com",
     false},
    {"wrapped in a domain that ends so",
     {{"List-Id", "<cose.example.net>"}},
     "alice=40example.org@anexample.net",
     false},
    {"a list of a whole top level",
     {{"List-Id", "<cose.net>"}},
     "alice=40example.org@example.net",
     false},
    {"an empty name",
     {{"List-Id", "<>"}, {"List-Post", "<mailto:>"}, {"Reply-To", "alice@example.org"}},
     "",
     false},
};

Bytes bytes(const std::string &text) {
  return {reinterpret_cast<const unsigned char *>(text.data()), text.size()};
}

} // namespace

TEST_GROUP(ListFields){};

TEST(ListFields, Rewrote) {
  for (const Case &one : cases) {
    ListFields list;
    for (const auto &[name, value] : one.fields) {
      CHECK_TEXT(ListFields::wants(name), name);
      list.add(name, bytes(value));
    }
    CHECK_EQUAL_TEXT(one.rewrote, list.rewrote(one.from, alice), one.name);
    CHECK_FALSE_TEXT(list.rewrote(one.from, ""), one.name);
  }
}

TEST(ListFields, AreBounded) {
  ListFields list;
  std::string many;
  for (int i = 0; i < 5000; i++) {
    many += "a" + std::to_string(i) + "@example.org, ";
    list.add("List-Id", bytes("<dev.example.net>"));
  }
  list.add("Reply-To", bytes(many));
  CHECK(list.lists.size() == ListFields::max_lists);
  CHECK(list.authors.size() == ListFields::max_authors);
}
