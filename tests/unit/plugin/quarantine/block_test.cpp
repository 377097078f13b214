#include "plugin/quarantine/block.h"

#include "common/report.h"

#include <CppUTest/TestHarness.h>
#include <string>

using namespace smime;

namespace {

QuarantineRecord sample() {
  return {
      "0123456789abcdef0123456789abcdef",
      "2026-01-02T03:04:05Z",
      "Legal/F\xc3\xa4lle",
      "sender@example.org",
      "user@example.com",
      "us\xc3\xa9r@example.com",
      "smime_rule2: class=any-encrypted action=quarantine",
      "Nobody can look into it",
      R"({"class":["encrypted"],"layers":[{"path":"1","type":"enveloped"}],"text":"a, b, \"c\", d"})",
      std::string(64, 'a'),
      std::string(64, 'b'),
      std::string(64, 'c'),
      ""};
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

TEST_GROUP(QuarantineBlock){
    void check_equal(const QuarantineRecord &expected,
                     const QuarantineRecord &got){STRCMP_EQUAL(expected.id.c_str(), got.id.c_str());
STRCMP_EQUAL(expected.time.c_str(), got.time.c_str());
STRCMP_EQUAL(expected.mailbox.c_str(), got.mailbox.c_str());
STRCMP_EQUAL(expected.from.c_str(), got.from.c_str());
STRCMP_EQUAL(expected.to.c_str(), got.to.c_str());
STRCMP_EQUAL(expected.user.c_str(), got.user.c_str());
STRCMP_EQUAL(expected.rule.c_str(), got.rule.c_str());
STRCMP_EQUAL(expected.reason.c_str(), got.reason.c_str());
STRCMP_EQUAL(expected.sha256.c_str(), got.sha256.c_str());
STRCMP_EQUAL(expected.identity.c_str(), got.identity.c_str());
STRCMP_EQUAL(expected.exact_sha256.c_str(), got.exact_sha256.c_str());
STRCMP_EQUAL(expected.encoding.c_str(), got.encoding.c_str());
}
}
;

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
  STRCMP_EQUAL(record.reason.c_str(), parsed->record.reason.c_str());
  STRCMP_EQUAL(record.mailbox.c_str(), parsed->record.mailbox.c_str());
}

// A mailbox is found again by its name, whatever bytes that has; the header shows none of them
// that do something to a reader.
TEST(QuarantineBlock, EveryByteOfAValueComesBack) {
  std::string all;
  for (int byte = 0; byte < 256; byte++)
    all += static_cast<char>(byte);
  for (const std::string &value :
       {all, std::string("\\x1b \\x5cx1b \\ \\x \\x1"), std::string("\xc2\x9b\xe2\x80\xae")}) {
    QuarantineRecord record = sample();
    record.mailbox = record.from = record.to = record.rule = record.reason = value;
    std::string block = format_block(record);
    for (unsigned char c : block)
      CHECK(c >= 0x20 || c == '\r' || c == '\n');
    CHECK(block.find("\xc2\x9b") == std::string::npos);
    CHECK(block.find("\xe2\x80\xae") == std::string::npos);
    auto parsed = parse_block(block + "\r\n");
    CHECK(parsed.has_value());
    for (auto member : {&QuarantineRecord::mailbox, &QuarantineRecord::from, &QuarantineRecord::to,
                        &QuarantineRecord::rule, &QuarantineRecord::reason})
      CHECK(value == parsed->record.*member);
  }
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

// The block of the largest report, with as much as an envelope and a rule may say.
TEST(QuarantineBlock, TheLargestIsRead) {
  QuarantineRecord record = sample();
  for (std::string QuarantineRecord::*member :
       {&QuarantineRecord::mailbox, &QuarantineRecord::from, &QuarantineRecord::to,
        &QuarantineRecord::rule, &QuarantineRecord::reason})
    record.*member = std::string(32UL * 1024, 'x');
  record.report = "[";
  while (record.report.size() < max_report_size - 80)
    record.report += "\"" + std::string(75 - 4, '\\') + "\\\",";
  record.report += "0]";
  std::string block = format_block(record);
  CHECK(block.size() <= max_block_size);
  auto parsed = parse_block(block + "Subject: x\r\n\r\nbody");
  CHECK(parsed.has_value());
  LONGS_EQUAL(block.size(), parsed->size);
  // But for the white space of the folding.
  std::erase(parsed->record.report, ' ');
  CHECK(parsed->record.report == record.report);
}

TEST(QuarantineBlock, Time) {
  STRCMP_EQUAL("2001-09-09T01:46:40Z", format_time(1000000000).c_str());
}

TEST(QuarantineBlock, RecordsOfOlderVersionsAreRead) {
  QuarantineRecord old = sample();
  old.identity.clear();
  old.exact_sha256.clear();
  std::string block = format_block(old);
  CHECK(block.find("Identity") == std::string::npos);
  auto parsed = parse_block(block + "Subject: original\r\n\r\nbody\r\n");
  CHECK(parsed.has_value());
  LONGS_EQUAL(block.size(), parsed->size);
  CHECK_FALSE(parsed->is_encoded());
  check_equal(old, parsed->record);
}

TEST(QuarantineBlock, AnEncodedOriginalBeginsBehindTheHeader) {
  QuarantineRecord record = sample();
  record.encoding = "base64";
  std::string before =
      format_block(record) + format_encoded_head("Subject: a test\r\nX-Other: x\r\n\r\nbody");
  for (const std::string &stored : {before, lf(before)}) {
    auto parsed = parse_block(stored + "U3ViamVjdA==\r\n");
    CHECK(parsed.has_value());
    CHECK(parsed->is_encoded());
    LONGS_EQUAL(stored.size(), parsed->size);
    check_equal(record, parsed->record);
  }
  CHECK_FALSE(parse_block(before.substr(0, before.size() - 2)));
}

TEST(QuarantineBlock, UnknownEncodingsAndDigestsThatAreNoneAreNoRecords) {
  QuarantineRecord record = sample();
  record.encoding = "x-uuencode";
  CHECK_FALSE(parse_block(format_block(record) + format_encoded_head("")));
  record = sample();
  record.identity = "b";
  CHECK_FALSE(parse_block(format_block(record) + "\r\n"));
  record = sample();
  record.exact_sha256 = std::string(64, 'C');
  CHECK_FALSE(parse_block(format_block(record) + "\r\n"));
}

TEST(QuarantineBlock, OnlyPrintableFieldsAreRepeated) {
  std::string head = format_encoded_head("From: a@example.org\r\nSUBJECT: printable\r\n"
                                         "Date: \x1b[31m\r\nTo: \xff@example.org\r\n"
                                         "Message-ID:\r\n <folded@example.org>\r\n"
                                         "X-SMIME-Quarantine-Id: x\r\nReturn-Path: <>\r\n\r\n"
                                         "Subject: of the body\r\n");
  STRCMP_EQUAL("From: a@example.org\r\nSUBJECT: printable\r\nMIME-Version: 1.0\r\n",
               head.substr(0, head.find("Content-Type")).c_str());
  CHECK(head.ends_with("\r\n\r\n"));
  STRCMP_EQUAL(head.substr(head.find("MIME-Version")).c_str(),
               format_encoded_head("Subject: " + std::string(2000, 'x')).c_str());
}
