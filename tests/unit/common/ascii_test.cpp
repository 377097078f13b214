#include "common/ascii.h"

#include <CppUTest/TestHarness.h>

using namespace smime;

TEST_GROUP(Ascii){};

TEST(Ascii, LettersBecomeSmallAndNothingElseChanges) {
  for (int i = 0; i < 256; i++) {
    auto c = static_cast<char>(i);
    CHECK_EQUAL(i >= 'A' && i <= 'Z' ? static_cast<char>(i + ('a' - 'A')) : c, lower(c));
  }
  CHECK(lower(std::string_view("@[Az\0Z\xC4", 7)) == std::string("@[az\0z\xC4", 7));
}

TEST(Ascii, CaseIsIgnoredAndLengthIsNot) {
  CHECK(equals_ignoring_case("Content-Type", "CONTENT-tYPE"));
  CHECK_FALSE(equals_ignoring_case("Content-Type", "Content-Typ"));
  CHECK_FALSE(equals_ignoring_case("@", "`"));
  CHECK(begins_ignoring_case("CONTENT-Type: x", "content-"));
  CHECK(begins_ignoring_case("any", ""));
  CHECK_FALSE(begins_ignoring_case("Content", "content-"));
}

TEST(Ascii, TextAndBytesAreTheSame) {
  std::string_view text("a\0\xff", 3);
  CHECK(as_text(as_bytes(text)) == text);
  CHECK_EQUAL(0xff, as_bytes(text)[2]);
}
