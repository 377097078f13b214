#include "desk/web/visible.h"

#include "CppUTest/TestHarness.h"

using namespace smime::desk;

TEST_GROUP(DeskVisible){};

TEST(DeskVisible, ShowsWhatHides) {
  STRCMP_EQUAL("a\\xe2\\x80\\xaegpj.exe", visible_line("a\xe2\x80\xaegpj.exe").c_str());
  STRCMP_EQUAL("a\\x1b[31mb", visible_line("a\x1b[31mb").c_str());
  STRCMP_EQUAL("pay\\xe2\\x80\\x8dpal", visible_line("pay\xe2\x80\x8dpal").c_str());
  STRCMP_EQUAL("<b>", visible_line("<b>").c_str());
}

TEST(DeskVisible, KeepsJoinersThatJoin) {
  // A family, and a Persian word.
  const char *family = "\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x91\xa7";
  STRCMP_EQUAL(family, visible_line(family).c_str());
  const char *word = "\xd9\x85\xdb\x8c\xe2\x80\x8c\xd8\xae";
  STRCMP_EQUAL(word, visible_line(word).c_str());
  // What is not seen is joined to nothing.
  STRCMP_EQUAL("\\xe2\\x80\\x8b\\xe2\\x80\\x8d\xc3\xa4",
               visible_line("\xe2\x80\x8b\xe2\x80\x8d\xc3\xa4").c_str());
  // Many of them hide something.
  CHECK(visible_line("\xc3\xa4\xe2\x80\x8d\xe2\x80\x8d\xc3\xa4").find("\\xe2") !=
        std::string::npos);
}

TEST(DeskVisible, KeepsLines) {
  STRCMP_EQUAL("a\n\tb\\x00", visible_lines(std::string_view("a\n\tb\0", 5)).c_str());
}

TEST(DeskVisible, ShortensByCharacters) {
  STRCMP_EQUAL("\xc3\xa4\xc3\xb6…", shortened("\xc3\xa4\xc3\xb6\xc3\xbc", 2).c_str());
  STRCMP_EQUAL("abc", shortened("abc", 3).c_str());
}
