// Objects in RTF, and the headers that OLE puts in front of them.
#include "scanner/formats/ole-object.h"
#include "scanner/formats/rtf.h"
#include "tests/unit/scanner/formats/reader-tools.h"

#include "tests/unit/data.h" // and CppUTest, which redefines new

using namespace smime;

namespace {

std::string package(std::string_view content) {
  std::string text = le16_text(2) + std::string("a.bin\0c:\\a.bin\0", 15) + le16_text(0);
  text += le16_text(3) + le32_text(4) + "c:\\a";
  return text + le32_text(static_cast<unsigned>(content.size())) + std::string(content) + "more";
}

std::string object(std::string_view name, std::string_view native, unsigned format = 2) {
  return le32_text(0x501) + le32_text(format) + le32_text(static_cast<unsigned>(name.size() + 1)) +
         std::string(name) + '\0' + le32_text(0) + le32_text(0) +
         le32_text(static_cast<unsigned>(native.size())) + std::string(native) + "presentation";
}

std::string hex(std::string_view bytes) {
  static constexpr std::string_view digits = "0123456789aBcDeF";
  std::string text;
  for (char c : bytes) {
    auto byte = static_cast<unsigned char>(c);
    text += {digits[byte >> 4U], digits[byte & 15U]};
    if (text.size() % 64 == 10)
      text += "\r\n";
  }
  return text;
}

std::string in_rtf(std::string_view data) {
  return "{\\rtf1 {\\object{\\*\\objclass x}{\\*\\objdata " + std::string(data) + "}}}";
}

} // namespace

TEST_GROUP(Rtf){
    static bool finds(const std::string &content){return finds_message(make_rtf_reader, content);
}
static bool finds_in_object(const std::string &content) {
  return finds_message(
      [](Inspection &inspection, const Place &place) {
        return std::make_unique<OleObject>(inspection, place);
      },
      content);
}
}
;

TEST(Rtf, Beginnings) {
  CHECK(is_rtf(as_octets("{\\rtf1")) && is_rtf(as_octets("{\\rt")));
  CHECK(is_rtf(as_octets("\xef\xbb\xbf {\\rtf1")));
  CHECK(!is_rtf(as_octets("x{\\rtf1")) && !is_rtf(as_octets("")) && !is_rtf(as_octets("  ")));
}

TEST(Rtf, APackageIsOpened) {
  CHECK(finds(in_rtf(hex(object("Package", package(hidden_message))))));
  CHECK(finds(in_rtf(hex(object("PACKAGE", package(hidden_message))))));
  CHECK(finds(in_rtf(hex(object("Other", hidden_message)))));
  CHECK(!finds(in_rtf(hex(object("Package", package("harmless"))))));
}

TEST(Rtf, WhatStandsBetweenTheDigits) {
  std::string data = hex(object("Package", package(hidden_message)));
  std::string half = data.substr(0, 100);
  std::string rest = data.substr(100);
  for (const char *between :
       {" ", "{\\*\\x 1234}", "\\par ", "\\'41", "{}", "\\*", "{\\*\\y{12}34}"})
    CHECK_TEXT(finds(in_rtf(half + between + rest)), between);
}

TEST(Rtf, BinaryData) {
  std::string data = object("Package", package(hidden_message));
  std::string tail = data.substr(40);
  CHECK(
      finds(in_rtf(hex(data.substr(0, 40)) + "\\bin" + std::to_string(tail.size()) + " " + tail)));
  // Braces in binary data end nothing, also outside of objects.
  CHECK(finds("{\\rtf1{\\pict\\bin3 }}}}" + in_rtf(hex(data)).substr(6)));
}

TEST(Rtf, SeveralObjectsAndNoEnd) {
  std::string hidden = hex(object("Package", package(hidden_message)));
  CHECK(finds(in_rtf("0102") + in_rtf(hidden)));
  CHECK(finds("{\\rtf1{\\objdata 01{\\objdata " + hidden));
}

TEST(Rtf, ObjectsThatAreLinkedOrDamaged) {
  CHECK(!finds_in_object(object("Package", hidden_message, 1)));
  // Without a header it is content by itself.
  CHECK(finds_in_object(std::string(hidden_message)));
  for (std::size_t size = 0; size < 120; size++)
    (void)finds_in_object(object("Package", package(hidden_message)).substr(0, size));
}
