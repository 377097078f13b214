#include "quarantine-block.h"

#include <CppUTest/TestHarness.h>
#include <string>

using namespace smime;

namespace {

QuarantineRecord sample() {
  return {"0123456789abcdef0123456789abcdef",
          "2026-01-02T03:04:05Z",
          "Legal/F\xc3\xa4lle",
          "sender@example.org",
          "user@example.com",
          "smime_rule2: class=any-encrypted action=quarantine",
          "Nobody can look into it",
          R"({"class":["encrypted"],"layers":[{"path":"1","type":"enveloped"}],"text":"a, b, \"c\", d"})",
          std::string(64, 'a')};
}

std::string lf(std::string text) {
  std::string result;
  for (char c : text) {
    if (c != '\r')
      result += c;
  }
  return result;
}

} // namespace

TEST_GROUP(QuarantineBlock) {
  void check_equal(const QuarantineRecord &expected, const QuarantineRecord &got) {
    STRCMP_EQUAL(expected.id.c_str(), got.id.c_str());
    STRCMP_EQUAL(expected.time.c_str(), got.time.c_str());
    STRCMP_EQUAL(expected.mailbox.c_str(), got.mailbox.c_str());
    STRCMP_EQUAL(expected.from.c_str(), got.from.c_str());
    STRCMP_EQUAL(expected.to.c_str(), got.to.c_str());
    STRCMP_EQUAL(expected.rule.c_str(), got.rule.c_str());
    STRCMP_EQUAL(expected.reason.c_str(), got.reason.c_str());
    STRCMP_EQUAL(expected.sha256.c_str(), got.sha256.c_str());
  }
};

TEST(QuarantineBlock, RoundTrip) {
  std::string block = format_block(sample());
  auto parsed = parse_block(block + "Subject: original\r\n\r\nbody\r\n");
  CHECK(parsed.has_value());
  LONGS_EQUAL(block.size(), parsed->size);
  check_equal(sample(), parsed->record);
}

TEST(QuarantineBlock, StoredWithLf) {
  std::string block = lf(format_block(sample()));
  auto parsed = parse_block(block + "Subject: original\n\nbody\n");
  CHECK(parsed.has_value());
  LONGS_EQUAL(block.size(), parsed->size);
  check_equal(sample(), parsed->record);
}

TEST(QuarantineBlock, EveryLineIsAField) {
  std::string block = format_block(sample());
  std::size_t start = 0;
  while (start < block.size()) {
    std::size_t end = block.find("\r\n", start);
    CHECK(end != std::string::npos);
    std::string line = block.substr(start, end - start);
    CHECK(line.starts_with("X-SMIME-Quarantine-") || line.starts_with(" "));
    CHECK(line.size() < 998);
    start = end + 2;
  }
}

TEST(QuarantineBlock, LongReportIsFoldedOutsideStrings) {
  QuarantineRecord record = sample();
  record.report = "{\"list\":[";
  for (int i = 0; i < 200; i++)
    record.report += "{\"path\":\"1\",\"text\":\"a, b\"},";
  record.report += "0]}";
  auto parsed = parse_block(format_block(record) + "\r\n");
  CHECK(parsed.has_value());
  std::string unfolded;
  for (std::size_t i = 0; i < parsed->record.report.size(); i++) {
    // Folding adds one space behind a comma between tokens.
    if (parsed->record.report[i] == ' ' && parsed->record.report[i - 1] == ',' &&
        parsed->record.report[i + 1] != 'b')
      continue;
    unfolded += parsed->record.report[i];
  }
  STRCMP_EQUAL(record.report.c_str(), unfolded.c_str());
}

TEST(QuarantineBlock, ValuesCannotAddFields) {
  QuarantineRecord record = sample();
  record.mailbox = "A\r\nX-SMIME-Quarantine-SHA256: " + std::string(64, 'b');
  record.reason = "one\ntwo\rthree";
  auto parsed = parse_block(format_block(record) + "\r\n");
  CHECK(parsed.has_value());
  STRCMP_EQUAL(sample().sha256.c_str(), parsed->record.sha256.c_str());
  STRCMP_EQUAL("one two three", parsed->record.reason.c_str());
}

TEST(QuarantineBlock, OriginalThatBeginsWithABlockOfItsOwn) {
  QuarantineRecord forged = sample();
  forged.id = std::string(32, 'f');
  std::string block = format_block(sample());
  auto parsed = parse_block(block + format_block(forged) + "Subject: x\r\n\r\n");
  CHECK(parsed.has_value());
  LONGS_EQUAL(block.size(), parsed->size);
  STRCMP_EQUAL(sample().id.c_str(), parsed->record.id.c_str());
}

TEST(QuarantineBlock, OriginalThatBeginsWithWhiteSpace) {
  std::string block = format_block(sample());
  auto parsed = parse_block(block + " folded onto the digest\r\n\r\n");
  CHECK(parsed.has_value());
  LONGS_EQUAL(block.size(), parsed->size);
}

TEST(QuarantineBlock, OtherMessagesCarryNone) {
  CHECK_FALSE(parse_block("").has_value());
  CHECK_FALSE(parse_block("Subject: x\r\n\r\n").has_value());
  std::string block = format_block(sample());
  CHECK_FALSE(parse_block("Received: x\r\n" + block).has_value());
  // A block that is cut anywhere is none.
  for (std::size_t length = 0; length < block.size(); length++)
    CHECK_FALSE(parse_block(block.substr(0, length)).has_value());
}

TEST(QuarantineBlock, BadIdAndDigest) {
  QuarantineRecord record = sample();
  record.id = "short";
  CHECK_FALSE(parse_block(format_block(record)).has_value());
  record = sample();
  record.sha256 = std::string(64, 'A');
  CHECK_FALSE(parse_block(format_block(record)).has_value());
}

TEST(QuarantineBlock, Time) { STRCMP_EQUAL("2001-09-09T01:46:40Z", format_time(1000000000).c_str()); }
