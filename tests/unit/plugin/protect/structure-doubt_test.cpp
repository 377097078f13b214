#include "plugin/protect/structure-doubt.h"

#include <algorithm>
#include <initializer_list>
#include <random>
#include <string>
#include <vector>

#include <CppUTest/TestHarness.h> // which redefines new

using namespace smime;

namespace {

bool is_plain(const std::string &text, std::initializer_list<const char *> boundaries) {
  bool result = true;
  for (std::size_t piece : {text.size() + 1, std::size_t(1), std::size_t(7)}) {
    DelimiterSearch search;
    bool distinct = true;
    for (const char *boundary : boundaries)
      distinct = search.add(boundary, 0) && distinct;
    for (std::size_t at = 0; at < text.size(); at += piece) {
      std::string part = text.substr(at, piece);
      search.update({reinterpret_cast<const unsigned char *>(part.data()), part.size()});
    }
    bool plain = search.is_plain() && distinct;
    CHECK(piece > text.size() || plain == result);
    result = plain;
  }
  return result;
}

} // namespace

TEST_GROUP(StructureDoubt){};

TEST(StructureDoubt, TypesThatAllReadersTakeAlike) {
  for (const char *value : {"multipart/signed; boundary=bnd", "multipart/signed; boundary=\"bnd\"",
                            " Multipart/Signed ;\tprotocol=\"application/pkcs7-signature\"; "
                            "micalg=sha-256; BOUNDARY=bnd;"}) {
    auto type = parse_plain_content_type(value);
    CHECK_TEXT(type.has_value(), value);
    STRCMP_EQUAL("multipart", type->type.c_str());
    STRCMP_EQUAL("signed", type->subtype.c_str());
    STRCMP_EQUAL("bnd", type->boundary.c_str());
  }
  STRCMP_EQUAL(
      "----=_Part (1)?",
      parse_plain_content_type("multipart/mixed; boundary=\"----=_Part (1)?\"")->boundary.c_str());
  // Of what has no parts only the type counts.
  for (const char *value :
       {"text/plain", "text/plain; charset=utf-8; name=a file.txt", "image/png;name*0=a"})
    CHECK_TEXT(parse_plain_content_type(value).has_value(), value);
}

TEST(StructureDoubt, TypesThatReadersTakeInDifferentWays) {
  std::string longest = "multipart/signed; boundary=" + std::string(70, 'x');
  CHECK(parse_plain_content_type(longest).has_value());
  CHECK_FALSE(parse_plain_content_type(longest + "x").has_value());
  for (const char *value : {"",
                            "text",
                            "text/",
                            "/plain",
                            "text /plain",
                            "text/ plain",
                            "text/plain (a)",
                            "text/plain charset=x",
                            "multipart/signed",
                            "multipart/signed; boundary=",
                            "multipart/signed; boundary=\"\"",
                            "multipart/signed; boundary=\"a \"",
                            "multipart/signed; boundary=\" a\"",
                            "multipart/signed; boundary=a; boundary=b",
                            "multipart/signed; boundary=a; Boundary=a",
                            "multipart/signed; boundary*=us-ascii''a",
                            "multipart/signed; boundary*0=a; boundary*1=b",
                            "multipart/signed; boundary=a; boundary*0=b",
                            "multipart/signed; boundary=\"a\\b\"",
                            "multipart/signed; boundary=\"a",
                            "multipart/signed; boundary=a b",
                            "multipart/signed; boundary=\"a\"b",
                            "multipart/signed; (c) boundary=a",
                            "multipart/signed; boundary=a (c)",
                            "multipart/signed; boundary =a",
                            "multipart/signed; boundary= a",
                            "multipart/signed boundary=a",
                            "multipart/signed; boundary=\"a\tb\"",
                            "multipart/signed; boundary=\"\xc3\xa4\"",
                            "multipart/signed; boundary=a;; x=y",
                            "multipart / signed; boundary=a"})
    CHECK_FALSE_TEXT(parse_plain_content_type(value).has_value(), value);
}

TEST(StructureDoubt, Encodings) {
  for (const char *value : {"", "7bit", " 8BIT ", "binary"})
    CHECK_TEXT(is_identity_encoding(value), value);
  for (const char *value :
       {"base64", "quoted-printable", "x-uuencode", "7bit base64", "(7bit) base64"})
    CHECK_FALSE_TEXT(is_identity_encoding(value), value);
}

TEST(StructureDoubt, HeaderLines) {
  CHECK(is_plain_header_line("Subject", "a \xc3\xa4\tb", false));
  CHECK(is_plain_header_line("", " continued", true));
  CHECK_FALSE(is_plain_header_line("", "no colon", false));
  CHECK_FALSE(is_plain_header_line("Content-Type ", "text/plain", false));
  CHECK_FALSE(is_plain_header_line("Con tent", "x", false));
  CHECK_FALSE(is_plain_header_line("", " \t", true));
  for (const char *control : {"\r", "\x1b", "\x7f", "\x0b", "\x0c", "\x01"})
    CHECK_FALSE(is_plain_header_line("Subject", std::string("a") + control + "b", false));
  CHECK_FALSE(is_plain_header_line("Subject", std::string("a\0b", 3), false));
  CHECK_FALSE(is_plain_header_line("Subject", std::string(max_plain_header_line, 'x'), false));
}

TEST(StructureDoubt, DelimitersForAllReaders) {
  for (const char *text :
       {"--bnd\r\n\r\nhello\r\n--bnd\r\n\r\n--bnd--\r\n", "--bnd\n--bnd--\n", "x\n--bnd--",
        "--bnd \t\r\n--bnd-- \r\n", "-- \r\n--\r\n-bnd\r\n--bn\r\n--Bnd\r\n ---bnd\r\n--bnd--\r\n",
        "a--bndary\r\nb --bndx\r\n--bnd--\r\n"})
    CHECK_TEXT(is_plain(text, {"bnd"}), text);
  CHECK(is_plain("--a\r\n--b\r\n--b--\r\n--a--\r\n", {"a", "b"}));
}

TEST(StructureDoubt, DelimitersForSomeReaders) {
  for (const char *text :
       {"--bnd\r\nhello\r\n", "--bndary\r\n--bnd--\r\n", "--bnd-\r\n--bnd--\r\n",
        "--bnd--x\r\n--bnd--\r\n", "--bnd--\r\n--bnd\r\n", "--bnd--\r\n--bnd--\r\n",
        "text\r--bnd\r\n--bnd--\r\n", "\r--bndary\r\n--bnd--\n", "--bnd\rtext\r\n--bnd--\r\n",
        "--bnd--\r", "--bnd x\r\n--bnd--\r\n"})
    CHECK_FALSE_TEXT(is_plain(text, {"bnd"}), text);
  CHECK_FALSE(is_plain("--bnd--\r\n--bnd1--\r\n", {"bnd", "bnd1"}));
  CHECK_FALSE(is_plain("--bnd--\r\n", {"bnd", "bnd"}));
  CHECK_FALSE(is_plain("--bnd" + std::string(1000, ' ') + "x\r\n--bnd--\r\n", {"bnd"}));
}

// One line after the other, in plain words.
static bool is_plain_by_lines(const std::string &text, const std::string &boundary) {
  bool closed = false;
  bool behind_cr = false;
  for (std::size_t at = 0; at <= text.size();) {
    std::size_t end = std::min(text.find_first_of("\r\n", at), text.size());
    bool crlf = text.compare(end, 2, "\r\n") == 0;
    bool by_cr = end < text.size() && text[end] == '\r' && !crlf;
    std::string line = text.substr(at, end - at);
    if (line.starts_with("--" + boundary)) {
      std::string rest = line.substr(2 + boundary.size());
      bool closes = rest.starts_with("--");
      rest = rest.substr(closes ? 2 : 0);
      if (closed || by_cr || behind_cr || rest.find_first_not_of(" \t") != std::string::npos)
        return false;
      closed = closes;
    }
    behind_cr = by_cr;
    at = end + (crlf ? 2 : 1);
  }
  return closed;
}

TEST(StructureDoubt, LinesThatAreSkippedHideNothing) {
  std::mt19937 random(20261129);
  const std::vector<std::string> words{"--b", "--b--", "-",    "--", "b", "\r",
                                       "\n",  "\r\n",  "\r\n", "x",  " "};
  unsigned plain = 0;
  for (int i = 0; i < 20000; i++) {
    std::string text;
    for (unsigned length = random() % 14; length > 0; length--)
      text += words[random() % words.size()];
    text += random() % 2 == 0 ? "\n--b--\n" : "";
    bool expected = is_plain_by_lines(text, "b");
    plain += expected ? 1 : 0;
    CHECK_EQUAL_TEXT(expected, is_plain(text, {"b"}), text.c_str());
  }
  CHECK(plain > 1000);
}

TEST(StructureDoubt, StructureLines) {
  STRCMP_EQUAL("Content-Type: a;\n b\nMIME-Version : 1.0\n",
               structure_lines("Subject: x\r\nContent-Type: a;\r\n b\r\nX-Content-Type: c\r\n d\r\n"
                               "MIME-Version : 1.0\r\n\r\n")
                   .c_str());
  STRCMP_EQUAL("Content-Type: b\n", structure_lines("Subject: x\rContent-Type: b\r\n").c_str());
}
