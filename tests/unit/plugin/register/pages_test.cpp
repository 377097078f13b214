#include "plugin/register/pages.h"

#include <CppUTest/TestHarness.h>

using namespace smime;

// A database that has so many rows, sizes 0 to count - 1, and gives them in pages as it is asked.
TEST_GROUP(RegisterPages) {
  std::size_t count = 0;
  std::size_t asked = 0;
  std::size_t given = 0;
  bool fails_at_second = false;
  RowsWanted wanted;
  std::vector<std::uint64_t> taken;
  std::string error;

  static std::vector<std::string> values_of(std::size_t number) {
    std::vector<std::string> values(20, "");
    values[0] = std::string(32, 'a');
    values[2] = values[14] = std::to_string(number);
    return values;
  }

  RowsResult read() {
    auto ask = [this](const SqlStatement &statement, const auto &take, std::string &reason) {
      asked++;
      if (fails_at_second && asked == 2) {
        reason = "down";
        return false;
      }
      auto size = std::stoul(statement.text.substr(statement.text.rfind(' ') + 1));
      auto end = std::min(count, given + size);
      while (given < end && take(values_of(given++))) {
      }
      return true;
    };
    return read_rows(
        ask, wanted, [this](const RegisterRow &row) { taken.push_back(row.size); }, error);
  }
};

TEST(RegisterPages, AllRowsComeOnceByWholePages) {
  count = 2500;
  CHECK(read() == RowsResult::all);
  CHECK_EQUAL(2500U, taken.size());
  CHECK_EQUAL(2499U, taken.back());
  CHECK_EQUAL(3U, asked);
}

TEST(RegisterPages, TheLimitIsFilledAndWhatIsBehindItIsTold) {
  count = 51;
  wanted.limit = 50;
  CHECK(read() == RowsResult::more);
  CHECK_EQUAL(50U, taken.size());
  CHECK_EQUAL(1U, asked);
}

TEST(RegisterPages, NothingIsBehindAnExactLimit) {
  count = 50;
  wanted.limit = 50;
  CHECK(read() == RowsResult::all);
  CHECK_EQUAL(50U, taken.size());
}

TEST(RegisterPages, APageIsFilledFromWhatIsThereForWhoAsks) {
  count = 5000;
  wanted.limit = 3;
  wanted.keep = [](const RegisterRow &row) { return row.size % 1500 == 1499; };
  CHECK(read() == RowsResult::all);
  CHECK_EQUAL(3U, taken.size());
  CHECK_EQUAL(4499U, taken.back());
}

TEST(RegisterPages, WhatIsNotThereForHimIsNotMore) {
  count = 5000;
  wanted.limit = 2;
  wanted.keep = [](const RegisterRow &row) { return row.size < 2; };
  CHECK(read() == RowsResult::all);
  CHECK_EQUAL(2U, taken.size());
}

TEST(RegisterPages, AnErrorEndsIt) {
  count = 5000;
  fails_at_second = true;
  CHECK(read() == RowsResult::failed);
  STRCMP_EQUAL("down", error.c_str());
}
