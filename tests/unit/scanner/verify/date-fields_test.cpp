#include "scanner/verify/date-fields.h"

#include <CppUTest/TestHarness.h>
#include <string>

using namespace smime;

namespace {

constexpr std::int64_t noon = 1795521600; // 2026-11-24T12:00:00Z
constexpr std::int64_t day = 86400;

DateFields dates(std::initializer_list<const char *> values) {
  DateFields fields;
  for (const std::string value : values)
    fields.add({reinterpret_cast<const unsigned char *>(value.data()), value.size()});
  return fields;
}

} // namespace

TEST_GROUP(DateFields){};

TEST(DateFields, FarFromTheSignature) {
  for (const char *value : {"Tue, 24 Nov 2026 12:00:00 +0000", "24 Nov 2026 13:00 +0100",
                            "  Tue,\t24 Nov 2026 04:00:00 -0800 (PST) "}) {
    DateFields fields = dates({value});
    LONGS_EQUAL_TEXT(noon, fields.latest.value_or(0), value);
    for (std::int64_t away : {std::int64_t{0}, day, 7 * day}) {
      CHECK_TEXT(!fields.far_from(noon + away, 7 * day), value);
      CHECK_TEXT(!fields.far_from(noon - away, 7 * day), value);
    }
    CHECK(fields.far_from(noon + 7 * day + 1, 7 * day) == noon);
    CHECK(fields.far_from(noon - 7 * day - 1, 7 * day) == noon);
  }
}

TEST(DateFields, OneOfSeveralIsEnough) {
  DateFields fields = dates({"Tue, 24 Nov 2026 12:00:00 +0000", "Tue, 24 Nov 2020 12:00:00 +0000"});
  CHECK(fields.far_from(noon, 7 * day) == fields.earliest);
  fields = dates({"Tue, 24 Nov 2026 12:00:00 +0000", "Tue, 24 Nov 2030 12:00:00 +0000"});
  CHECK(fields.far_from(noon, 7 * day) == fields.latest);
}

TEST(DateFields, WhatIsNoDateSaysNothing) {
  for (const char *value : {"", " ", "yesterday", "Tue, 99 Nov 2026", "24 Nov", "\xff\xff"})
    CHECK_TEXT(!dates({value}).far_from(noon, 0), value);
  CHECK(!DateFields().far_from(0, 0));
}
