#include "common/byte-scan.h"

#include <CppUTest/TestHarness.h>
#include <random>
#include <string>
#include <string_view>

using namespace smime;

namespace {

ByteFacts facts_of(std::string_view text, std::size_t piece) {
  ByteScan scan;
  for (std::size_t at = 0; at < text.size(); at += piece) {
    std::string_view part = text.substr(at, piece);
    scan.update({reinterpret_cast<const unsigned char *>(part.data()), part.size()});
  }
  return scan.facts();
}

// The same, one byte after the other.
ByteFacts slow_facts_of(std::string_view text) {
  ByteFacts facts;
  facts.empty = text.empty();
  facts.ends_with_line = text.ends_with('\n');
  for (std::size_t at = 0; at < text.size(); at++) {
    facts.nul |= text[at] == '\0';
    bool after_cr = at > 0 && text[at - 1] == '\r';
    facts.bare_lf |= text[at] == '\n' && !after_cr;
    facts.crlf |= text[at] == '\n' && after_cr;
    facts.bare_cr |= text[at] == '\r' && (at + 1 == text.size() || text[at + 1] != '\n');
  }
  return facts;
}

} // namespace

TEST_GROUP(ByteScan){};

TEST(ByteScan, WhatStoragesKeep) {
  using namespace std::string_view_literals;
  struct Case {
    std::string_view text;
    bool kept;
  };
  for (const Case &c :
       {Case{"", false}, Case{"a\r\nb\r\n", true}, Case{"a\nb\n", true}, Case{"\r\n", true},
        Case{"a\r\nb\n", false}, Case{"a\nb\r\n", false}, Case{"a\r\nb", false},
        Case{"a\r\nb\r", false}, Case{"a\r\r\n", false}, Case{"a\rb\r\n", false},
        Case{"a\0b\r\n"sv, false}, Case{"a\r\n\r", false}, Case{"\ra\r\n", false}}) {
    for (std::size_t piece : {1, 2, 3, 100})
      LONGS_EQUAL(c.kept, facts_of(c.text, piece).kept_by_storages());
  }
}

TEST(ByteScan, ThePiecesDoNotMatter) {
  using namespace std::string_view_literals;
  std::mt19937 random(20);
  for (int round = 0; round < 3000; round++) {
    std::string text;
    for (std::size_t length = random() % 12; text.size() < length;)
      text += "a\r\n\r\n\0b"sv[random() % 7];
    ByteFacts slow = slow_facts_of(text);
    for (std::size_t piece : {1, 2, 3, 5, 100}) {
      ByteFacts facts = facts_of(text, piece);
      LONGS_EQUAL(slow.bare_cr, facts.bare_cr);
      LONGS_EQUAL(slow.bare_lf, facts.bare_lf);
      LONGS_EQUAL(slow.nul, facts.nul);
      LONGS_EQUAL(slow.ends_with_line, facts.ends_with_line);
      LONGS_EQUAL(slow.kept_by_storages(), facts.kept_by_storages());
      // What follows a bare CR is not looked at.
      CHECK(slow.bare_cr || slow.crlf == facts.crlf);
    }
  }
}
