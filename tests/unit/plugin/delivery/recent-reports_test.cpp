#include "plugin/delivery/recent-reports.h"

#include <CppUTest/TestHarness.h>

using namespace smime;

TEST_GROUP(RecentReportsGroup) {
  RecentReports reports;

  static RecentReports::Key key(unsigned char byte, std::uint64_t size = 10,
                                const std::string &scanner = "scanner") {
    RecentReports::Key made{{}, size, scanner};
    made.sha256.fill(byte);
    return made;
  }

  static Report report(std::uint64_t size, ScanVerdict scan = ScanVerdict::clean) {
    Report made;
    made.size = size;
    made.scan = scan;
    return made;
  }
};

TEST(RecentReportsGroup, IsFoundForTheSameBytesAndScannerAlone) {
  POINTERS_EQUAL(nullptr, reports.find(key(1), 100));
  reports.keep(key(1), report(1), 100);
  CHECK(reports.find(key(1), 100) != nullptr);
  LONGS_EQUAL(1, reports.find(key(1), 100)->size);
  POINTERS_EQUAL(nullptr, reports.find(key(2), 100));
  POINTERS_EQUAL(nullptr, reports.find(key(1, 11), 100));
  POINTERS_EQUAL(nullptr, reports.find(key(1, 10, "other"), 100));
}

TEST(RecentReportsGroup, IsForgotten) {
  reports.keep(key(1), report(1), 100);
  CHECK(reports.find(key(1), 100 + RecentReports::max_age) != nullptr);
  POINTERS_EQUAL(nullptr, reports.find(key(1), 101 + RecentReports::max_age));
  // The clock was put back.
  POINTERS_EQUAL(nullptr, reports.find(key(1), 99));
}

TEST(RecentReportsGroup, TheLastTwoAreKept) {
  for (unsigned char byte = 1; byte <= 3; byte++)
    reports.keep(key(byte), report(byte), 100);
  POINTERS_EQUAL(nullptr, reports.find(key(1), 100));
  LONGS_EQUAL(2, reports.find(key(2), 100)->size);
  LONGS_EQUAL(3, reports.find(key(3), 100)->size);
}

TEST(RecentReportsGroup, AnEnginesFailureIsNoVerdict) {
  reports.keep(key(1), report(1, ScanVerdict::error), 100);
  POINTERS_EQUAL(nullptr, reports.find(key(1), 100));
}

TEST(RecentReportsGroup, WhatWasNotLookedIntoToItsEndIsAskedForAgain) {
  Report incomplete = report(1);
  incomplete.errors.push_back({"limit-exceeded", "", "Out of time.", ""});
  reports.keep(key(1), incomplete, 100);
  POINTERS_EQUAL(nullptr, reports.find(key(1), 100));
}
