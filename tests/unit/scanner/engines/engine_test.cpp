#include "scanner/engines/clamd.h"
#include "scanner/engines/connector.h"

#include <CppUTest/TestHarness.h>

using namespace smime;

TEST_GROUP(EngineAnswers){void verdict(ScanVerdict expected, const char *answer){
    CHECK_TEXT(parse_clamd_answer(answer).verdict == expected, answer);
}
}
;

TEST(EngineAnswers, OnlyOkIsClean) {
  verdict(ScanVerdict::clean, "stream: OK");
  verdict(ScanVerdict::error, "stream: OK ");
  verdict(ScanVerdict::error, "OK");
  verdict(ScanVerdict::error, "");
  verdict(ScanVerdict::error, "stream: ERROR");
  verdict(ScanVerdict::error, "UNKNOWN COMMAND");
  verdict(ScanVerdict::error, "stream: FOUND OK ERROR");
}

TEST(EngineAnswers, Found) {
  EngineVerdict found = parse_clamd_answer("stream: Eicar-Test-Signature FOUND");
  CHECK(found.verdict == ScanVerdict::infected);
  STRCMP_EQUAL("Eicar-Test-Signature", found.text.c_str());
}

TEST(EngineAnswers, WhatItCannotLookIntoIsUninspectable) {
  verdict(ScanVerdict::uninspectable, "stream: Heuristics.Encrypted.Zip FOUND");
  verdict(ScanVerdict::uninspectable, "stream: Heuristics.Limits.Exceeded.MaxFileSize FOUND");
  verdict(ScanVerdict::uninspectable, "INSTREAM size limit exceeded. ERROR");
  verdict(ScanVerdict::infected, "stream: Heuristics.Phishing.Email FOUND");
}

TEST(EngineAnswers, Addresses) {
  for (const char *address : {"/run/clamav/clamd.ctl", "127.0.0.1:3310", "[::1]:3310", "scan:3310"})
    CHECK_TEXT(is_engine_address(address), address);
  for (const char *address :
       {"", "clamd", "relative/path", ":3310", "host:", "host:x", "::1:3310", "host:99999"})
    CHECK_TEXT(!is_engine_address(address), address);
}
