#include "common/inside.h"

#include <CppUTest/TestHarness.h>
#include <string>

using namespace smime;

namespace {

InsidePart part(const std::string &text) {
  InsidePart one;
  one.path = "1";
  one.name = "a\xff.txt";
  one.kind = "text";
  one.state = "read";
  one.by = "nobody";
  one.size = 3;
  one.sha256 = "ab";
  one.text = text;
  return one;
}

} // namespace

TEST_GROUP(InsideGroup) { std::string error; };

TEST(InsideGroup, WhatIsWrittenIsRead) {
  Inside inside;
  inside.header.push_back({"Subject", "x\x01\xe2\x80\xae"});
  inside.parts.push_back(part("one\ntwo"));
  inside.parts[0].text_cut = true;
  Report report;
  report.classes.add(MessageClass::plain);
  std::string json = to_json(report, inside);
  auto read = inside_from_json(json, error);
  CHECK(read.has_value());
  CHECK(report_from_json(json, error).has_value());
  STRCMP_EQUAL("x\x01\xe2\x80\xae", read->header.at(0).value.c_str());
  STRCMP_EQUAL("one\ntwo", read->parts.at(0).text->c_str());
  STRCMP_EQUAL("a\xef\xbf\xbd.txt", read->parts.at(0).name.c_str());
  CHECK(read->parts[0].text_cut && !read->parts[0].html && *read->parts[0].size == 3);
  STRCMP_EQUAL(json.c_str(), to_json(report, *read).c_str());
  CHECK(json.find("\"headers\":" + headers_to_json(*read)) != std::string::npos);
  CHECK(json.find("\"parts\":" + parts_to_json(*read)) != std::string::npos);
}

TEST(InsideGroup, ItIsBounded) {
  Inside inside;
  for (int i = 0; i < 100; i++)
    inside.parts.push_back(part(std::string(max_part_text, '\x01')));
  for (int i = 0; i < 500; i++)
    inside.header.push_back({"X", std::string(max_field_value, '\x02')});
  std::string json = to_json(Report(), inside);
  CHECK(json.size() < max_parts_size + max_header_size + 10000);
  CHECK(json.find("\"parts_dropped\":") != std::string::npos);
  CHECK(json.find("\"headers_dropped\":") != std::string::npos);
  CHECK(json.find('\x01') == std::string::npos);
}

TEST(InsideGroup, AScannerThatWasTakenOver) {
  for (const char *text : {"", "[]", "1", "{\"parts\":", "null"})
    CHECK_FALSE(inside_from_json(text, error).has_value());
  auto odd = inside_from_json("{\"parts\":[1,{\"path\":2,\"size\":-1,\"text\":[]},[]],"
                              "\"headers\":{\"a\":1}}",
                              error);
  CHECK(odd.has_value() && odd->parts.size() == 1 && odd->header.empty());
  CHECK(!odd->parts[0].size && !odd->parts[0].text);
  auto long_text = inside_from_json(
      "{\"parts\":[{\"text\":\"" + std::string(max_part_text + 10, 'x') + "\"}]}", error);
  LONGS_EQUAL(max_part_text, long_text->parts.at(0).text->size());
}
