#include "plugin/quarantine/summary.h"

#include <CppUTest/TestHarness.h>
#include <string>

using namespace smime;

namespace {

constexpr std::int64_t now = 1'764'380'000; // 2025-11-29

HeldRow row_of(const std::string &from = "sender@example.org") {
  return {"8a1f03c2aa0000000000000000000001",
          "2025-11-28T02:44:05Z",
          "alice",
          from,
          "alice@example.org",
          "encrypted",
          "Mail of class encrypted is held for review",
          "Figures",
          "Sender <Sender@Example.org>",
          "Sender@Example.org",
          1250};
}

// Characters that take two columns, and such as take none, are in no test with it.
std::size_t characters(const std::string &text) {
  std::size_t count = 0;
  for (unsigned char c : text)
    count += (c & 0xc0U) != 0x80 ? 1 : 0;
  return count;
}

} // namespace

TEST_GROUP(Summary){};

TEST(Summary, OneLineOfColumns) {
  STRCMP_EQUAL("ID       HELD (UTC)   SIZE OWNER          FROM                 WHY",
               summary_title().c_str());
  STRCMP_EQUAL("8a1f03c2 11-28 02:44  1.2K alice          sender@example.org   encrypted",
               summary_of(row_of(), now).c_str());
  HeldRow old = row_of();
  old.time = "2024-11-28T02:44:05Z";
  STRCMP_CONTAINS(" 2024-11-28   1.2K ", summary_of(old, now).c_str());
}

TEST(Summary, NothingIsWiderThanALineAndTheColumnsStand) {
  const std::string texts[] = {"",
                               "a",
                               std::string(200, 'x'),
                               "\x1b[31m" + std::string(50, '\a'),
                               "a b\tc\r\nd",
                               std::string(3000, '\xff'),
                               "Jürgen Müller <j@example.org>"};
  for (const std::string &text : texts) {
    HeldRow row = row_of(text);
    row.user = row.to = row.classes = row.reason = row.subject = row.header_from = text;
    row.header_from_address = "other@example.org";
    row.size = 99999999;
    std::string line = summary_of(row, now);
    CHECK(characters(line) <= summary_width);
    CHECK(line.find_first_of("\x1b\a\r\n\t") == std::string::npos);
    STRCMP_EQUAL("8a1f03c2 11-28 02:44   95M", line.substr(0, 26).c_str());
    std::string about = about_text(row);
    CHECK(characters(about) <= summary_width - short_id - 1);
    CHECK(about.find_first_of("\x1b\a\r\n\t") == std::string::npos);
  }
}

TEST(Summary, WideCharactersTakeTwoColumns) {
  // Ideographs, emoji; a letter with a mark on it.
  STRCMP_EQUAL("請求書  ", fit_columns("請求書", 8).c_str());
  STRCMP_EQUAL("請...", fit_columns("請求書", 5).c_str());
  STRCMP_EQUAL("請求...", fit_columns("請求書請求書", 7).c_str());
  STRCMP_EQUAL("請求... ", fit_columns("請求書請求書", 8).c_str());
  STRCMP_EQUAL("\xf0\x9f\x93\xa7 ", fit_columns("\xf0\x9f\x93\xa7", 3).c_str());
  STRCMP_EQUAL("e\xcc\x81 ", fit_columns("e\xcc\x81", 2).c_str());
  STRCMP_EQUAL("  7", fit_columns("7", 3, true).c_str());
  STRCMP_EQUAL("..", fit_columns("abc", 2).c_str());
}

TEST(Summary, WhyInAWord) {
  const std::pair<const char *, const char *> cases[] = {
      {"encrypted", "encrypted"},     {"signed encrypted malformed", "encrypted,malf..."},
      {"plain", "Mail of class ..."}, {"signed", "Mail of class ..."},
      {"?", "Mail of class ..."},     {"encrypted-archive", "encrypted-archive"},
  };
  for (const auto &[classes, why] : cases) {
    HeldRow row = row_of();
    row.classes = classes;
    STRCMP_EQUAL(why, summary_of(row, now).substr(63).c_str());
  }
}

TEST(Summary, WhatStandsBelow) {
  HeldRow row = row_of();
  STRCMP_EQUAL("Figures", about_text(row).c_str());
  row.user = "alice@example.org";
  STRCMP_EQUAL("Figures", about_text(row).c_str());
  row.user = "bob";
  STRCMP_EQUAL("Figures | to alice@example.org", about_text(row).c_str());
  row.user = "alice";
  // The name may be anything; the address tells.
  row.header_from = "sender@example.org <boss@bank.example>";
  row.header_from_address = "boss@bank.example";
  STRCMP_EQUAL("Figures | From: sender@example.org <boss@bank.example>", about_text(row).c_str());
  row.subject = row.header_from = row.header_from_address = "";
  STRCMP_EQUAL("(no subject) | From: (none)", about_text(row).c_str());
}

TEST(Summary, WhatIsAskedForHasRoom) {
  HeldRow row = row_of();
  row.requested_by = "alice (as root says)";
  STRCMP_EQUAL("Figures | requested", about_text(row).c_str());
  row.header_from = row.header_from_address = row.to = row.subject = std::string(100, 'x');
  CHECK(short_id + 1 + about_text(row).size() <= summary_width);
  CHECK(about_text(row).find(" | requested | From: xxx") != std::string::npos);
}

TEST(Summary, WhatIsThereAndNotHeld) {
  HeldRow row = row_of("");
  row.id = row.to = "";
  row.classes = "foreign";
  row.reason = "not held by this software: UID 7 of Quarantine";
  STRCMP_EQUAL("         11-28 02:44  1.2K alice                               foreign",
               summary_of(row, now).c_str());
  STRCMP_EQUAL("Figures | not held by this software: UID 7 of...", about_text(row).c_str());
}

TEST(Summary, Sizes) {
  const std::pair<std::uint64_t, const char *> sizes[] = {
      {0, "0"},       {999, "999"},          {1000, "0.9K"},        {1024, "1.0K"},
      {10240, "10K"}, {1023 * 1024, "0.9M"}, {1024 * 1024, "1.0M"}, {5ULL << 30, "5.0G"},
      {~0ULL, "15E"}};
  for (const auto &[size, text] : sizes) {
    STRCMP_EQUAL(text, short_size(size).c_str());
    CHECK(short_size(size).size() <= 5);
  }
}

TEST(Summary, BeginningsOfIds) {
  for (const char *text : {"8a1f", "8a1f03c2", "8a1f03c2aa0000000000000000000001"})
    CHECK_TRUE(may_name_id(text));
  for (const char *text : {"", "8a1", "8A1F", "8a1g", "8a1f03c2aa00000000000000000000012", "-all"})
    CHECK_FALSE(may_name_id(text));
}
