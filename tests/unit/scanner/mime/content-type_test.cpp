#include "scanner/mime/content-type.h"

#include <CppUTest/TestHarness.h>
#include <string>
#include <string_view>

using namespace smime;

namespace {

std::string boundaries(std::string_view value) {
  std::string all;
  for (const std::string &one : read_loosely(value).boundaries)
    all += (all.empty() ? "" : "|") + one;
  return all;
}

} // namespace

TEST_GROUP(ContentType){};

TEST(ContentType, TypeAsReadersTakeIt) {
  for (const auto &[value, expected] : std::initializer_list<std::pair<const char *, const char *>>{
           {"multipart/mixed; boundary=b", "multipart/mixed"},
           {" Multipart/Mixed boundary=b", "multipart/mixed"},
           {"(a comment) multipart/mixed", "multipart/mixed"},
           {"\"multipart/mixed\"; boundary=b", "multipart/mixed"},
           {"multipart; boundary=b", "multipart/mixed"},
           {"multipart / mixed", "multipart/mixed"},
           {"text/plain", "text/plain"},
           {"", ""}})
    STRCMP_EQUAL(expected, read_loosely(value).type.c_str());
}

TEST(ContentType, Boundaries) {
  for (const auto &[value, expected] : std::initializer_list<std::pair<const char *, const char *>>{
           {"multipart/mixed; boundary=b", "b"},
           {"multipart/mixed; BOUNDARY = \"a b\"", "a b"},
           {"multipart/mixed; boundary=\r\n \"b\"\r\n ", "b"},
           {"multipart/mixed boundary=\"b\"", "b"},
           {"multipart/mixed; protected; boundary=M", "M"},
           {"multipart/mixed; boundary=a/b:c=d?", "a/b:c=d?"},
           {"multipart/mixed; boundary=b; boundary=\"b\"", "b"},
           // Readers end it, or read escapes, in different ways.
           {"multipart/mixed; boundary=a b", "a|a b"},
           {"multipart/mixed; boundary=\"a\\b\"", "ab|a\\b"},
           {"multipart/mixed; boundary=b(c)", "b|b(c)"},
           // RFC 2231.
           {"multipart/mixed; boundary*0*=us-ascii''%3D_7; boundary*1*=0%3D", "=_70="},
           {"multipart/mixed; boundary*1=b; boundary*0=a", "ab"},
           {"multipart/mixed; boundary*=utf-8'en'a%20b", "a b"},
           // Names of other parameters.
           {"multipart/mixed; xboundary=a", ""},
           {"multipart/mixed; name=\"boundary\"", ""},
           {"multipart/mixed; boundary", ""},
           {"multipart/mixed; x=\"; boundary=a\"; boundary=b", "a\"|b"}})
    STRCMP_EQUAL(expected, boundaries(value).c_str());
}

TEST(ContentType, Contradictions) {
  for (const char *value :
       {"multipart/mixed; boundary=a; boundary=b", "multipart/mixed; boundary=a; boundary*=''b",
        "multipart/mixed; boundary*0=a; boundary*0=b",
        "multipart/mixed; x=\"; boundary=a\"; boundary=b"})
    CHECK_TEXT(read_loosely(value).contradicting, value);
  for (const char *value :
       {"multipart/mixed; boundary=a; boundary=\"a\"", "multipart/mixed; boundary*=us-ascii''a",
        "multipart/mixed; boundary*0=a; boundary*1=b", "text/plain"})
    CHECK_TEXT(!read_loosely(value).contradicting, value);
}

TEST(ContentType, OddBoundaries) {
  CHECK(read_loosely("multipart/mixed; boundary=\"a \"").odd);
  CHECK(read_loosely("multipart/mixed; boundary=" + std::string(2000, 'b')).odd);
  CHECK(!read_loosely("multipart/mixed; boundary=" + std::string(90, 'b')).odd);
}

// What a field costs grows with its length.
TEST(ContentType, LongFields) {
  for (const char *piece : {"boundary ", "boundary=", " boundary=x", "; boundary=\"", "; a=\"b\\",
                            "; boundary*0*=%", "(", ";", "=", "\""}) {
    std::string value = "multipart/mixed; ";
    while (value.size() < 200000)
      value += piece;
    LooseType read = read_loosely(value);
    CHECK(read.boundaries.size() <= max_boundaries);
    CHECK(read.parameters.size() <= 32);
  }
}

TEST(ContentType, PlainField) {
  LooseType read = read_loosely("Multipart/Signed; protected; micalg=sha-256; "
                                "protocol=\"application/pkcs7-signature\"; boundary*=''M");
  STRCMP_EQUAL("Content-Type: multipart/signed;\r\n micalg=\"sha-256\";\r\n "
               "protocol=\"application/pkcs7-signature\";\r\n boundary=\"M\"\r\n",
               plain_field(read, read.first_boundary()).c_str());
  STRCMP_EQUAL("Content-Type: text/plain;\r\n name=\"a\\\"b\"\r\n",
               plain_field(read_loosely("text/plain; name=\"a\\\"b\""), "").c_str());
}

TEST(ContentType, Names) {
  STRCMP_EQUAL("x.eml", decoded_name("x.eml", false).c_str());
  STRCMP_EQUAL("x.eml", decoded_name("utf-8''x.eml", true).c_str());
  STRCMP_EQUAL("x y.eml", decoded_name("utf-8'en'x%20y.eml", true).c_str());
  STRCMP_EQUAL("x.eml", decoded_name("=?utf-8?B?eC5lbWw=?=", false).c_str());
  STRCMP_EQUAL("x y.eml", decoded_name("=?utf-8?q?x_y?= =?utf-8?Q?=2Eeml?=", false).c_str());
  STRCMP_EQUAL("a x.eml", decoded_name("a =?utf-8?q?x?=.eml", false).c_str());
  STRCMP_EQUAL("=?broken", decoded_name("=?broken", false).c_str());
  STRCMP_EQUAL("50%.eml", decoded_name("50%.eml", true).c_str());
}
