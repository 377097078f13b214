#include "scanner/mime/body-check.h"

#include <string>

#include <CppUTest/TestHarness.h>

using namespace smime;

namespace {

bool is_right(BodyKind kind, std::string_view text) {
  bool right = true;
  // However it comes.
  for (std::size_t step : {text.size() + 1, std::size_t{1}, std::size_t{3}}) {
    BodyCheck check(kind);
    for (std::size_t at = 0; at < text.size(); at += step) {
      auto piece = text.substr(at, step);
      check.feed({reinterpret_cast<const unsigned char *>(piece.data()), piece.size()});
    }
    if (step <= text.size())
      CHECK(right == check.is_right());
    right = check.is_right();
  }
  return right;
}

} // namespace

TEST_GROUP(BodyCheck){};

TEST(BodyCheck, KindsByTheirHeader) {
  struct Case {
    const char *encoding;
    bool is_text;
    const char *charset;
    BodyKind kind;
  };
  for (const Case &c : {
           Case{"base64", true, "utf-8", BodyKind::base64},
           Case{"quoted-printable", true, "", BodyKind::quoted_printable},
           Case{"", true, "", BodyKind::ascii},
           Case{"7bit", true, "us-ascii", BodyKind::ascii},
           Case{"7bit", true, "iso-8859-1", BodyKind::ascii},
           Case{"7bit", true, "utf-8", BodyKind::ascii},
           Case{"", true, "utf-8", BodyKind::utf8},
           Case{"", true, "iso-8859-1", BodyKind::ascii},
           Case{"7bit", true, "iso-2022-jp", BodyKind::escaped},
           Case{"7bit", false, "", BodyKind::ascii},
           Case{"8bit", true, "utf-8", BodyKind::utf8},
           Case{"8bit", true, "", BodyKind::ascii},
           Case{"8bit", true, "iso-8859-15", BodyKind::latin},
           Case{"8bit", true, "windows-1252", BodyKind::other_8bit},
           Case{"8bit", false, "", BodyKind::other_8bit},
           Case{"8bit", true, "utf-16", BodyKind::impossible},
           Case{"binary", false, "", BodyKind::binary},
           Case{"binary", true, "utf-8", BodyKind::utf8},
           Case{"binary", true, "utf-16le", BodyKind::binary},
           Case{"x-uuencode", true, "", BodyKind::impossible},
       })
    CHECK_TEXT(body_kind(c.encoding, c.is_text, c.charset) == c.kind,
               (std::string(c.encoding) + " " + c.charset).c_str());
}

TEST(BodyCheck, Right) {
  struct Case {
    BodyKind kind;
    std::string_view text;
  };
  using namespace std::string_view_literals;
  for (const Case &c : {
           Case{BodyKind::base64, "QUJD\r\nQQ==\r\n"sv},
           Case{BodyKind::base64, ""sv},
           Case{BodyKind::base64, "QU JD"sv},
           Case{BodyKind::quoted_printable, "a=3D=3d =\r\nb= \t\r\nc\r\n="sv},
           Case{BodyKind::ascii, "text\tand\r\nlines\n\f"sv},
           Case{BodyKind::escaped, "\x1b$B8m\x1b(B"sv},
           Case{BodyKind::utf8, "\xc3\xa4 \xe2\x82\xac \xf0\x9f\x98\x80"sv},
           Case{BodyKind::latin, "\xe4\xa0\xff"sv},
           Case{BodyKind::other_8bit, "\x93\xe4"sv},
           Case{BodyKind::binary, "\0\r\x01\xff\r"sv},
       })
    CHECK_TEXT(is_right(c.kind, c.text), std::string(c.text).c_str());
}

TEST(BodyCheck, Wrong) {
  struct Case {
    BodyKind kind;
    std::string_view text;
  };
  using namespace std::string_view_literals;
  for (const Case &c : {
           Case{BodyKind::base64, "QUJ"sv},
           Case{BodyKind::base64, "QQ==QUJD"sv},
           Case{BodyKind::base64, "QUJD\0"sv},
           Case{BodyKind::base64, "A==="sv},
           Case{BodyKind::base64, "QU-D"sv},
           Case{BodyKind::base64, "QUJ\xc3"sv},
           Case{BodyKind::quoted_printable, "a=3"sv},
           Case{BodyKind::quoted_printable, "a=g0"sv},
           Case{BodyKind::quoted_printable, "a= b"sv},
           Case{BodyKind::quoted_printable, "\xe4"sv},
           Case{BodyKind::ascii, "\x80"sv},
           Case{BodyKind::ascii, "\x7f"sv},
           Case{BodyKind::ascii, "\0"sv},
           Case{BodyKind::ascii, "\x1b"sv},
           Case{BodyKind::ascii, "a\rb"sv},
           Case{BodyKind::ascii, "a\r"sv},
           Case{BodyKind::utf8, "\xc3"sv},
           Case{BodyKind::utf8, "\xc0\x80"sv},
           Case{BodyKind::utf8, "\xe0\x80\xaf"sv},
           Case{BodyKind::utf8, "\xed\xa0\x80"sv},
           Case{BodyKind::utf8, "\xf4\x90\x80\x80"sv},
           Case{BodyKind::utf8, "\xf5\x80\x80\x80"sv},
           Case{BodyKind::utf8, "\xc2\x85"sv},
           Case{BodyKind::utf8, "\xff"sv},
           Case{BodyKind::utf8, "a\xc3z"sv},
           Case{BodyKind::latin, "\x85"sv},
           Case{BodyKind::other_8bit, "\x07"sv},
           Case{BodyKind::impossible, "a"sv},
           Case{BodyKind::impossible, ""sv},
       })
    CHECK_TEXT(!is_right(c.kind, c.text), std::string(c.text).c_str());
}
