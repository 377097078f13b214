#include "plugin/delivery/expectation.h"

#include <CppUTest/TestHarness.h>

using namespace smime;

TEST_GROUP(ExpectationGroup) { Expectations expectations; };

TEST(ExpectationGroup, PlainMailIsExpectedToBeDelivered) {
  CHECK(expectations.find("") == Keywords{});
  CHECK(!expectations.find("signed part of 2\n"));
}

TEST(ExpectationGroup, TheLastOneOfAKindCounts) {
  expectations.delivered("signed part of 2\n", {"$SMIMESigned"});
  CHECK(expectations.find("signed part of 2\n") == Keywords{"$SMIMESigned"});
  expectations.delivered("signed part of 2\n", {"$SMIMESigned", "$SMIMEVerified"});
  CHECK((expectations.find("signed part of 2\n") == Keywords{"$SMIMESigned", "$SMIMEVerified"}));
  expectations.diverted("signed part of 2\n");
  CHECK(!expectations.find("signed part of 2\n"));
  expectations.diverted("");
  CHECK(!expectations.find(""));
  expectations.delivered("", {});
  CHECK(expectations.find("") == Keywords{});
}

TEST(ExpectationGroup, WhatWasDivertedIsKnown) {
  CHECK_FALSE(expectations.is_diverted("part base64\n"));
  expectations.diverted("part base64\n");
  CHECK_TRUE(expectations.is_diverted("part base64\n"));
  CHECK_FALSE(expectations.is_diverted(""));
  expectations.delivered("part base64\n", {});
  CHECK_FALSE(expectations.is_diverted("part base64\n"));
  for (std::size_t i = 0; i < 3 * Expectations::max_kinds; i++)
    expectations.diverted(std::to_string(i));
  std::size_t known = 0;
  for (std::size_t i = 0; i < 3 * Expectations::max_kinds; i++)
    known += expectations.is_diverted(std::to_string(i)) ? 1 : 0;
  CHECK(known <= Expectations::max_kinds);
}

TEST(ExpectationGroup, TheNumberOfKindsIsBounded) {
  for (std::size_t i = 0; i < 3 * Expectations::max_kinds; i++)
    expectations.delivered(std::to_string(i), {});
  std::size_t known = 0;
  for (std::size_t i = 0; i < 3 * Expectations::max_kinds; i++)
    known += expectations.find(std::to_string(i)).has_value() ? 1 : 0;
  CHECK(known <= Expectations::max_kinds);
  CHECK(expectations.find(std::to_string(3 * Expectations::max_kinds - 1)).has_value());
}
