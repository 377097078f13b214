#include "scanner/base/charset-text.h"

#include "common/ascii.h"

#include <CppUTest/TestHarness.h>

using namespace smime;

namespace {

void shows(const char *expected, std::string_view bytes, std::string_view charset) {
  STRCMP_EQUAL(expected, utf8_text(as_bytes(bytes), charset).c_str());
}

} // namespace

TEST_GROUP(CharsetText){};

TEST(CharsetText, Charsets) {
  shows("Gr\xc3\xbc\xc3\x9f", "Gr\xfc\xdf", "iso-8859-1");
  shows("Gr\xc3\xbc\xc3\x9f", "Gr\xfc\xdf", "windows-1252");
  shows("\xd0\xb9", "\xca", "KOI8-R");
  shows("\xe6\x97\xa5", "\x1b$BF|\x1b(B", "iso-2022-jp");
  shows("<script>", "+ADw-script+AD4-", "utf-7");
  shows("ab", std::string_view("a\0b\0", 4), "utf-16le");
}

TEST(CharsetText, WhatCannotBeReadIsSeen) {
  shows("a\xef\xbf\xbd"
        "b",
        "a\xff"
        "b",
        "utf-8");
  shows("a\xef\xbf\xbd", "a\xc3", "utf-8");
  shows("\xef\xbf\xbd", "\x1b$BF", "iso-2022-jp");
  shows("x\xef\xbf\xbd", "x\xff", "ISO-8859-6");
}

TEST(CharsetText, WithoutACharset) {
  for (const char *charset : {"", "us-ascii", "x-unknown", "../../etc/passwd", "utf-8//translit"}) {
    shows("Gr\xc3\xbc\xc3\x9f", "Gr\xc3\xbc\xc3\x9f", charset);
    shows("Gr\xc3\xbc\xc3\x9f", "Gr\xfc\xdf", charset);
  }
  shows("a",
        "\xef\xbb\xbf"
        "a",
        "");
}

TEST(CharsetText, Words) {
  STRCMP_EQUAL("Gr\xc3\xbc\xc3\x9f e", utf8_header("=?iso-8859-1?Q?Gr=FC=DF?= e").c_str());
  STRCMP_EQUAL("a =?x?q?", utf8_header("a =?x?q?").c_str());
  STRCMP_EQUAL("\xc3\xbc", utf8_header("\xfc").c_str());
  STRCMP_EQUAL("\xc3\xbc.txt", utf8_parameter("iso-8859-1'de'%FC.txt", true).c_str());
  STRCMP_EQUAL("%zz%4", utf8_parameter("%zz%4", true).c_str());
  STRCMP_EQUAL("\xc3\xbc.txt", utf8_parameter("=?iso-8859-1?Q?=FC.txt?=", false).c_str());
}

TEST(CharsetText, Cut) {
  std::string text = "a\xe2\x82\xac"
                     "b";
  CHECK_FALSE(cut_utf8(text, 5));
  CHECK(cut_utf8(text, 3));
  STRCMP_EQUAL("a", text.c_str());
}
