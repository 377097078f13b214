#include "desk/web/form.h"

#include "CppUTest/TestHarness.h"

using namespace smime::desk;

TEST_GROUP(DeskForm){};

TEST(DeskForm, PercentDecodes) {
  STRCMP_EQUAL("a b", percent_decode("a%20b", false)->c_str());
  STRCMP_EQUAL("a+b", percent_decode("a+b", false)->c_str());
  STRCMP_EQUAL("a b", percent_decode("a+b", true)->c_str());
  CHECK(!percent_decode("%", true));
  CHECK(!percent_decode("%4", true));
  CHECK(!percent_decode("%4g", true));
  CHECK(!percent_decode("%-1", true));
}

TEST(DeskForm, EncodesWhatDecodesAgain) {
  std::string all;
  for (int c = 0; c < 256; c++)
    all += static_cast<char>(c);
  std::string encoded = percent_encode(all);
  CHECK(encoded.find_first_of(" <>&\"'#?/+;") == std::string::npos);
  CHECK(percent_decode(encoded, true) == all);
}

TEST(DeskForm, KnowsUtf8) {
  CHECK(is_utf8_text(""));
  CHECK(is_utf8_text("Gr\xc3\xbc\xc3\x9f"
                     "e \xf0\x9f\x91\x8d"));
  for (const char *bad : {"\xc3", "\xc0\xaf", "\xe0\x80\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80",
                          "\x80", "\xff", "\xf0\x9f\x91"})
    CHECK(!is_utf8_text(bad));
  CHECK(!is_utf8_text(std::string_view("a\0b", 3)));
}

TEST(DeskForm, ReadsFields) {
  auto fields = Fields::parse("a=1&b=%C3%A4+x&a=2&&c&d=");
  CHECK(fields.has_value());
  STRCMP_EQUAL("1", fields->get("a").c_str());
  STRCMP_EQUAL("\xc3\xa4 x", fields->get("b").c_str());
  CHECK_EQUAL(2U, fields->all("a").size());
  CHECK(fields->has("c") && fields->has("d") && !fields->has("e"));
  CHECK(!Fields::parse("a=%ff"));
  CHECK(!Fields::parse("a=%00"));
  CHECK(!Fields::parse("%zz=1"));
}

TEST(DeskForm, BoundsFields) {
  std::string many;
  for (std::size_t i = 0; i < max_fields; i++)
    many += "a=1&";
  CHECK(Fields::parse(many).has_value());
  CHECK(!Fields::parse(many + "b=1"));
}

TEST(DeskForm, FindsOneCookie) {
  STRCMP_EQUAL("x", cookie_value("a=1; b=x; c=3", "b")->c_str());
  CHECK(!cookie_value("ab=1", "b"));
  CHECK(!cookie_value("", "b"));
  // A second one of the same name was set by somebody else.
  CHECK(!cookie_value("b=x; b=y", "b"));
}
