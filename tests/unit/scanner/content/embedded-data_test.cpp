// Files that text carries.
#include "scanner/content/character-references.h"
#include "scanner/content/embedded-data.h"
#include "tests/unit/scanner/formats/reader-tools.h"

#include "tests/unit/data.h" // and CppUTest, which redefines new

using namespace smime;

namespace {

const std::string encoded = base64(std::string(hidden_message));

std::string in_one_line(std::string text) {
  std::erase_if(text, [](char c) { return c == '\r' || c == '\n'; });
  return text;
}

std::string percent(std::string_view text) {
  static constexpr std::string_view digits = "0123456789aBcDeF";
  std::string result;
  for (char c : text) {
    auto byte = static_cast<unsigned char>(c);
    result += {'%', digits[byte >> 4U], digits[byte & 15U]};
  }
  return result;
}

} // namespace

TEST_GROUP(EmbeddedData){
    static bool finds(const std::string &content, const char *type = ""){return finds_message(
        [&](Inspection &inspection, const Place &place) {
          Place labelled = place;
          labelled.type = type;
          auto reader = make_embedded_data_reader(inspection, labelled, as_octets(content));
          CHECK(reader != nullptr);
          return reader;
        },
        content);
}
}
;

TEST(EmbeddedData, Urls) {
  for (const std::string before :
       {"<a href=\"data:application/zip;base64,", "<img src='DATA:;name=x;base64,",
        "<a href='&#100;&#x41;&#X74;a&colon;;base64&comma;", "<a href=\"&data:;base64,",
        "<a href=\"da\nta:text/plain;charset=utf-8;base64,", "<a href=\" data: ;base64,"})
    CHECK_TEXT(finds(before + encoded + "\">"), before.c_str());
  std::string line = in_one_line(encoded);
  CHECK(finds("<p style=background:url(data:;base64," + line + ")>"));
  CHECK(finds("<a href=data:;base64," + line + " class=x>"));
  CHECK(finds("<a href='data:text/plain," + percent(hidden_message) + "'>"));
  CHECK(finds("<a href='data:;base64," + percent(line) + "'>"));
  CHECK(finds("<b>data: none, metadata:x, data:y z</b><img src='data:image/png;base64,AAAA'>"
              "<a href='data:;base64," +
              line + "'>"));
}

TEST(EmbeddedData, CharacterReferences) {
  auto decoded = [](std::string_view text, std::size_t piece) {
    CharacterReferences references;
    std::string output;
    auto take = [&](Bytes bytes) { output.append(bytes.begin(), bytes.end()); };
    for (std::size_t at = 0; at < text.size(); at += piece)
      references.decode(as_octets(text.substr(at, piece)), take);
    references.finish(take);
    return output;
  };
  for (std::size_t piece = 1; piece < 20; piece++) {
    STRCMP_EQUAL("a:b", decoded("a&colon;b", piece).c_str());
    STRCMP_EQUAL("daX+&", decoded("&#100;&#x61;&#88;&plus;&", piece).c_str());
    STRCMP_EQUAL("&#999; &other; &colon &# &;",
                 decoded("&#999; &other; &colon &# &;", piece).c_str());
    STRCMP_EQUAL("&amp&:", decoded("&amp&amp;&colon;", piece).c_str());
    STRCMP_EQUAL("&aaaaaaaaaaaaaaaaaaaaaaaaaa;",
                 decoded("&aaaaaaaaaaaaaaaaaaaaaaaaaa;", piece).c_str());
  }
}

TEST(EmbeddedData, WhatIsNoUrl) {
  CHECK(!finds("<p>metadata:;base64," + in_one_line(encoded) + "</p>"));
  CHECK(!finds("<p>data;base64," + in_one_line(encoded) + "</p>"));
  CHECK(!finds("<p>no data:</p>"));
  CHECK(!finds("<script>x={data:x," + std::string(hidden_message) + "}</script>"));
  CHECK(finds("<script>x='data:," + percent(hidden_message) + "'</script>"));
}

TEST(EmbeddedData, ElementsOfFlatDocuments) {
  CHECK(finds("<?xml version='1.0'?><office:binary-data>" + encoded + "</office:binary-data>"));
  CHECK(finds("<w:binData w:name=\"a\" xml:space='preserve'>" + encoded + "</w:binData>"));
  CHECK(finds("<pkg:binaryData>" + encoded + "</pkg:binaryData>"));
  CHECK(!finds("<w:other>" + encoded + "</w:other>"));
  CHECK(!finds("<w:binData/>" + encoded));
}

TEST(EmbeddedData, Calendars) {
  std::string line = in_one_line(encoded);
  std::string folded =
      line.substr(0, 20) + "\r\n " + line.substr(20, 30) + "\n\t" + line.substr(50);
  for (const std::string before :
       {"ATTACH;ENCODING=BASE64;VALUE=BINARY:", "ATTACH;VALUE=BINARY:",
        "ATTACH;VALUE=BINARY;ENCODING=\"base64\";X=\"a:b\":", "PHOTO;ENCODING=b;TYPE=JPEG:",
        "PHOTO;JPEG;BASE64:", "item1.KEY;encoding=B:", "ATTACH;ENCOD\r\n ING=BASE64:",
        "KEY:data:application/x;base64,", "KEY;X=y:data:application/x\\;base64\\,"})
    CHECK_TEXT(finds("BEGIN:VCALENDAR\r\n" + before + folded + "\r\nEND:VCALENDAR\r\n"),
               before.c_str());
  CHECK(!finds("BEGIN:VCALENDAR\r\nDESCRIPTION:" + folded + "\r\nEND:VCALENDAR\r\n"));
  CHECK(finds("ATTACH;ENCODING=BASE64:" + folded, "text/calendar"));
}

TEST(EmbeddedData, OtherTextHasNone) {
  Limits limits;
  Inspection inspection(limits, test_tools());
  CHECK(make_embedded_data_reader(inspection, {}, as_octets("Dear data: reader")) == nullptr);
}
