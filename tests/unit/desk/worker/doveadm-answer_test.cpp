#include "desk/worker/doveadm-answer.h"

#include <CppUTest/TestHarness.h>
#include <string>

using namespace smime::desk;

namespace {

// As it comes in pieces of a size. Empty if it is no whole answer.
std::string output_of(const std::string &bytes, std::size_t piece, DoveadmAnswer &answer) {
  std::string output;
  for (std::size_t at = 0; at < bytes.size(); at += piece) {
    if (!answer.take(std::string_view(bytes).substr(at, piece), output))
      return {};
  }
  return answer.is_whole() ? output : std::string();
}

} // namespace

TEST_GROUP(DeskDoveadmAnswer){};

TEST(DeskDoveadmAnswer, ACommandIsOneLine) {
  Command command{"smime quarantine note", "an\tna", {"--text=one\ntwo\rthree\001", "--", "x"}};
  STRCMP_EQUAL(
      "\tan\001tna\tsmime quarantine note\t--answer=json\t--text=one\001ntwo\001rthree\0011"
      "\t--\tx\n",
      doveadm_line(command).c_str());
  command.bytes = true;
  CHECK(doveadm_line(command).find("\t--answer=bytes\t") != std::string::npos);
}

TEST(DeskDoveadmAnswer, NoByteIsLost) {
  std::string bytes;
  for (int i = 0; i < 256; i++)
    bytes += static_cast<char>(i);
  Command command{"", bytes, {}};
  // As Dovecot escapes it, and so as it comes.
  std::string line = doveadm_line(command);
  std::string escaped = line.substr(1, line.find("\t\t") - 1);
  for (std::size_t piece : {1, 2, 3, 1000}) {
    DoveadmAnswer answer;
    CHECK(bytes == output_of(escaped + "\t\n0\t\n\n+\n", piece, answer));
    LONGS_EQUAL(0, answer.result().status);
  }
}

TEST(DeskDoveadmAnswer, WhatWentWrongIsTold) {
  for (std::size_t piece : {1, 7, 1000}) {
    DoveadmAnswer answer;
    answer.expect_greeting();
    STRCMP_EQUAL(
        "[]", output_of("+\n[]\n76\tError: one\001nError: two\001n\n\n-\n", piece, answer).c_str());
    LONGS_EQUAL(76, answer.result().status);
    STRCMP_EQUAL("Error: one\nError: two\n", answer.result().errors.c_str());
    STRCMP_EQUAL("", answer.result().error.c_str());
  }
}

TEST(DeskDoveadmAnswer, OtherAnswersAreNone) {
  for (const char *bytes :
       {"-\n", "\n-\n", "\n-NOUSER\n", "[]\n+\n", "[]\n12\n", "[]\nx\t\n", "[]\n0\t\n\n+\n+\n"}) {
    DoveadmAnswer answer;
    if (bytes[0] == '-')
      answer.expect_greeting();
    std::string output;
    CHECK_FALSE_TEXT(answer.take(bytes, output), bytes);
    CHECK_FALSE(answer.result().error.empty());
  }
}

// A command that ends its server, as for a wrong option, says so before.
TEST(DeskDoveadmAnswer, TheServerMayEndWithTheCommand) {
  DoveadmAnswer answer;
  std::string output;
  CHECK_TRUE(answer.take("[]", output));
  CHECK_FALSE(answer.has_status());
  CHECK_TRUE(answer.take("\n64\tFatal: no\001n\n", output));
  CHECK_TRUE(answer.has_status());
  CHECK_FALSE(answer.is_whole());
  LONGS_EQUAL(64, answer.result().status);
}

TEST(DeskDoveadmAnswer, ALineHasAnEnd) {
  DoveadmAnswer answer;
  std::string output;
  CHECK_TRUE(answer.take("[]\n0\t", output));
  CHECK_FALSE(answer.take(std::string(1024UL * 1024, 'x'), output));
}
