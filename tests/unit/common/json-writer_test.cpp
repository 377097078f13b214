#include "common/json-writer.h"

#include <nlohmann/json.hpp>
#include <string>

#include <CppUTest/TestHarness.h>

using namespace smime;

namespace {

std::string written(std::string_view text, std::size_t limit) {
  JsonWriter writer;
  return writer.string(text, limit).take();
}

} // namespace

TEST_GROUP(JsonWriter){};

TEST(JsonWriter, ObjectsAndLists) {
  JsonWriter writer;
  writer.begin_object().put("a", "b", 10).put("n", 5).put_if_set("none", "", 10);
  writer.key("list").begin_list().string("x", 10).number(1).boolean(true).end_list();
  STRCMP_EQUAL(R"({"a":"b","n":5,"list":["x",1,true]})", writer.end_object().take().c_str());
}

TEST(JsonWriter, WhatIsTakenBackLeavesNothing) {
  JsonWriter writer;
  writer.begin_list();
  auto empty = writer.mark();
  writer.string("first", 10);
  writer.go_back(empty);
  writer.string("second", 10);
  auto one = writer.mark();
  writer.begin_object().put("a", 1).end_object();
  writer.go_back(one);
  STRCMP_EQUAL(R"(["second",3])", writer.number(3).end_list().take().c_str());
}

TEST(JsonWriter, TextsAreCutBetweenCharacters) {
  STRCMP_EQUAL("\"0123456789\"", written("0123456789", 10).c_str());
  STRCMP_EQUAL("\"01234[...]\"", written("0123456789a", 10).c_str());
  STRCMP_EQUAL("\"[...]\"", written("0123456789a", 5).c_str());
  STRCMP_EQUAL(R"("ab\u00e4[...]")", written("ab\xc3\xa4"
                                             "cdefghijk",
                                             13)
                                         .c_str());
  STRCMP_EQUAL(R"("ab[...]")", written("ab\xc3\xa4"
                                       "cdefghijk",
                                       12)
                                   .c_str());
  STRCMP_EQUAL(R"("a\ud83d\ude00[...]")", written("a\xf0\x9f\x98\x80\xf0\x9f\x98\x80", 18).c_str());
  STRCMP_EQUAL(R"("a[...]")", written("a\xf0\x9f\x98\x80\xf0\x9f\x98\x80", 17).c_str());
  STRCMP_EQUAL(R"("\"\"[...]")", written("\"\"\"\"\"\"\"", 10).c_str());
}

// At every limit, whatever the text: within it, read back, and then not cut again.
TEST(JsonWriter, EveryLimitHolds) {
  std::string text;
  for (int c = 0; c < 256; c++)
    text += static_cast<char>(c);
  text += "\xf0\x9f\x98\x80\xe2\x82\xed\xa0\xbd\xed\xb8\x80z\xf0\x9f\x98";
  for (std::size_t begin = 0; begin < text.size(); begin += 3) {
    for (std::size_t limit = cut_mark.size(); limit < 400; limit += 7) {
      std::string json = written(std::string_view(text).substr(begin), limit);
      CHECK(json.size() <= limit + 2);
      auto read = nlohmann::json::parse(json, nullptr, false);
      CHECK(read.is_string());
      STRCMP_EQUAL(json.c_str(), written(read.get<std::string>(), limit).c_str());
    }
  }
}
