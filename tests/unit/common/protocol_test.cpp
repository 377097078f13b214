#include "common/protocol.h"

#include "common/report.h"
#include "scanner/base/scan-limits.h"

#include <algorithm>

#include <CppUTest/TestHarness.h>

using namespace smime;

namespace {
std::string line(std::string text) {
  CHECK(text.ends_with('\n'));
  text.pop_back();
  return text;
}
} // namespace

TEST_GROUP(Protocol){};

TEST(Protocol, RequestRoundTrip) {
  for (Request request : {Request{123456789012ULL, false}, Request{5, true}, Request{},
                          Request{5, true, 1795900955}, Request{5, false, 0, "a@example.org"}})
    CHECK(parse_request(line(format_request(request))) == request);
}

TEST(Protocol, Sender) {
  for (const char *sender : {"", "a@example.org", "x=y@example.org", "from=@example.org"}) {
    Request request{7, true, {}, sender};
    CHECK(parse_request(line(format_request(request))) == request);
  }
  // Whatever it is, the line is one, and within its bound.
  Request request{~0ULL, true, {}, "a\tfile\n\x80 b\x7f" + std::string(2000, 'x')};
  std::string text = line(format_request(request));
  CHECK(text.size() < max_protocol_line);
  auto read = parse_request(text);
  CHECK(read.has_value());
  STRCMP_EQUAL("a?file???b?x", read->sender->substr(0, 12).c_str());
  LONGS_EQUAL(max_request_sender, read->sender->size());
}

TEST(Protocol, BadRequests) {
  for (const char *text : {"",
                           "smime-scan",
                           "smime-scan\t1\t",
                           "smime-scan\t2\t5",
                           "smime-scan\t1\t-1",
                           "smime-scan\t1\t5 ",
                           "smime-scan\t1\t\tfile",
                           "smime-scan\t1\t5\tFile",
                           "smime-scan\t1\t5\tfile\tfile",
                           "smime-scan\t1\t0x5",
                           "smime-scan\t1\t5\tfrom=a b",
                           "smime-scan\t1\t5\tfrom=a\tfile",
                           "smime-scan\t1\t5\tat=",
                           "smime-scan\t1\t5\tat=-1",
                           "smime-scan\t1\t5\tat=1\tfile",
                           "smime-scan\t1\t5\tat=1\tat=2",
                           "smime-scan\t1\t5\tat=9223372036854775808",
                           "smime-scan\t1\t5\tfrom=a\tfrom=b",
                           "smime-scan\t1\t99999999999999999999999",
                           "GET / HTTP/1.1"})
    CHECK_TEXT(!parse_request(text), text);
}

TEST(Protocol, ReportHeader) {
  Answer answer = parse_answer(line(format_report_header(42)));
  CHECK(answer.kind == Answer::Kind::report);
  LONGS_EQUAL(42, answer.length);
}

TEST(Protocol, ErrorIsOnePrintableLine) {
  std::string text = format_error("bad\nreport\t5");
  LONGS_EQUAL(1, std::count(text.begin(), text.end(), '\n'));
  Answer answer = parse_answer(line(text));
  CHECK(answer.kind == Answer::Kind::error);
  STRCMP_EQUAL("bad?report?5", answer.text.c_str());
}

TEST(Protocol, Busy) {
  CHECK(parse_answer(line(format_busy())).kind == Answer::Kind::busy);
  CHECK(parse_answer("busy ").kind == Answer::Kind::invalid);
}

TEST(Protocol, ImpossibleAnswers) {
  for (const char *text :
       {"", "report\t", "report\t0", "report\t-1", "report\tx", "report\t999999999999", "hello"})
    CHECK_TEXT(parse_answer(text).kind == Answer::Kind::invalid, text);
  CHECK(parse_answer("report\t" + std::to_string(max_report_size)).kind == Answer::Kind::report);
  CHECK(parse_answer("report\t" + std::to_string(max_report_size + 1)).kind ==
        Answer::Kind::invalid);
}
