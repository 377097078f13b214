#include "plugin/operator/review-report.h"

#include <CppUTest/TestHarness.h>

using namespace smime;

TEST_GROUP(ReviewReport) {
  MailHead head{"postmaster@example.org", "review@example.org", "Tue, 24 Nov 2026 12:00:00 +0000",
                "imap.example.org", "00ff"};
  QuarantineRecord record;

  void setup() override {
    record.id = "0123456789abcdef0123456789abcdef";
    record.time = "2026-11-24T10:00:00Z";
    record.mailbox = "INBOX";
    record.from = "sender@example.com";
    record.to = "user@example.org";
    record.reason = "Encrypted mail is held";
  }
  bool has(const std::string &text, const char *part) {
    return text.find(part) != std::string::npos;
  }
  // RFC 5322: lines end in CRLF and have at most 998 bytes.
  void check_lines(const std::string &text) {
    std::size_t start = 0;
    while (start < text.size()) {
      auto end = text.find('\n', start);
      CHECK(end != std::string::npos && end > 0 && text[end - 1] == '\r');
      CHECK(end - start < 998);
      start = end + 1;
    }
  }
};

TEST(ReviewReport, DigestCountsAndLists) {
  std::string text = format_digest(head, {{"alice", 3, {record}}, {"bob", 1, {}}}, "2026-11-23");
  CHECK(has(text, "Subject: Quarantine: 1 new, 4 held\r\n"));
  CHECK(has(text, "alice: 3 held, 1 new"));
  CHECK(has(text, "bob: 1 held, 0 new"));
  CHECK(has(text, "multipart/alternative"));
  check_lines(text);
}

TEST(ReviewReport, DigestNamesWhatIsAskedFor) {
  UserDigest digest{"alice", 3, {}};
  digest.requested.push_back({record, "alice (as root says)", "2026-11-24T11:00:00Z", "<b>"});
  digest.requested.push_back({record, "alice", "", ""});
  std::string text = format_digest(head, {digest}, "2026-11-23");
  CHECK(has(text, "alice: 3 held, 0 new, 2 requested"));
  CHECK(has(text, "by alice (as root says) at 2026-11-24T11:00:00Z: <b>\r\n    from sender@"));
  CHECK(has(text, "at 2026-11-24T11:00:00Z: &lt;b&gt;"));
  CHECK(has(text, "    by alice\r\n"));
  check_lines(text);
}

TEST(ReviewReport, NothingInARecordIsMarkup) {
  record.reason = "<script>&\"\r\n--00ff--\x01\xff\xc3\xa4\xe2\x82";
  record.mailbox = std::string(5000, 'x');
  record.from = "<img src=x>@example.com";
  std::string text = format_digest(head, {{"<b>", 1, {record}}}, "2026-11-23");
  std::string html = text.substr(text.find("text/html"));
  CHECK_FALSE(has(html, "<script>"));
  CHECK(has(html, "&lt;script&gt;&amp;&quot;"));
  CHECK_FALSE(has(html, "<img"));
  CHECK(has(text, "<h3>&lt;b&gt;"));
  CHECK(has(text, "\\x0d\\x0a--00ff--\\x01\\xff\xc3\xa4\\xe2\\x82"));
  check_lines(text);
}

TEST(ReviewReport, ARejectionTellsTheSender) {
  std::string text = format_rejection(head, record, "Not here", "Subject: x\r\nFrom: a\r\n");
  CHECK(has(text, "report-type=delivery-status"));
  CHECK(has(text,
            "Final-Recipient: rfc822; user@example.org\r\nAction: failed\r\nStatus: 5.7.1\r\n"));
  CHECK(has(text, "Not here"));
  CHECK(has(text, "Subject: x\r\nFrom: a\r\n"));
  check_lines(text);
}

TEST(ReviewReport, ALongHeaderIsCutAtALine) {
  std::string header;
  while (header.size() < 2 * max_returned_header)
    header += "X-Field: " + std::string(100, 'y') + "\r\n";
  std::string text = format_rejection(head, record, "Not here", header);
  CHECK(text.size() < max_returned_header + 2000);
  check_lines(text);
}

TEST(ReviewReport, AReturnedHeaderHasNothingButText) {
  std::string header =
      "Subject: \x1b[2J\x9b\xc2\x9b\x01\r\r\n\tfolded\r\nX: " + std::string(2000, '\x07') + "\r\n";
  std::string text = format_rejection(head, record, "Not here", header);
  CHECK(has(text, "Subject: \\x1b[2J\\x9b\\xc2\\x9b"));
  CHECK(has(text, "\r\n\tfolded\r\nX: \\x07"));
  CHECK_FALSE(has(text, "\x07"));
  check_lines(text);
}
