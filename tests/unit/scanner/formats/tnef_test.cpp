// Attachments and messages in winmail.dat.
#include "scanner/formats/tnef.h"
#include "tests/unit/scanner/formats/reader-tools.h"

#include "tests/unit/data.h" // and CppUTest, which redefines new

using namespace smime;

namespace {

std::string attribute(unsigned level, unsigned id, std::string_view content) {
  return static_cast<char>(level) + le32_text(id) +
         le32_text(static_cast<unsigned>(content.size())) + std::string(content) + le16_text(0);
}

std::string tnef(std::string_view attributes) {
  return le32_text(0x223e9f78) + le16_text(1) + std::string(attributes);
}

std::string attached(std::string_view content) {
  return attribute(2, 0x00069002, std::string(14, '\0')) + attribute(2, 0x00018010, "a.txt") +
         attribute(2, 0x0006800f, content);
}

std::string padded(std::string_view value) {
  std::string text(value);
  text.resize((text.size() + 3) / 4 * 4);
  return text;
}

std::string value(unsigned type, unsigned id, std::string_view content) {
  return le16_text(type) + le16_text(id) + le32_text(1) +
         le32_text(static_cast<unsigned>(content.size())) + padded(content);
}

std::string properties(unsigned id, const std::string &property, unsigned level = 2) {
  std::string named = std::string(16, 'g');
  return attribute(level, id,
                   le32_text(4) + le16_text(3) + le16_text(0x0e21) + le32_text(7) +
                       le16_text(0x0003) + le16_text(0x8001) + named + le32_text(1) + le32_text(6) +
                       padded("name12") + le32_text(5) + le16_text(0x1014) + le16_text(0x8002) +
                       named + le32_text(0) + le32_text(9) + le32_text(2) + std::string(16, 'v') +
                       property);
}

constexpr unsigned attachment = 0x00069005;
constexpr unsigned message = 0x00069003;

} // namespace

TEST_GROUP(Tnef){
    static bool finds(const std::string &content){return finds_message(make_tnef_reader, content);
}
static std::string reason(const std::string &content) {
  Report report = read_in_pieces(make_tnef_reader, content, 5);
  return report.uninspectable.empty() ? "" : report.uninspectable.front().reason;
}
}
;

TEST(Tnef, Attachments) {
  CHECK(finds(tnef(attached(hidden_message))));
  CHECK(finds(tnef(attached("one") + attached(hidden_message))));
  CHECK(finds(tnef(attribute(1, 0x00089006, "") + attached(hidden_message))));
  CHECK(!finds(tnef(attached("harmless"))));
  STRCMP_EQUAL("", reason(tnef(attached("harmless"))).c_str());
}

TEST(Tnef, AMessageInAMessage) {
  std::string inner = tnef(attached(hidden_message));
  CHECK(finds(tnef(properties(attachment, value(0x000d, 0x3701, std::string(16, 'i') + inner)))));
  CHECK(finds(tnef(properties(attachment, value(0x0102, 0x3701, hidden_message)))));
}

TEST(Tnef, TheTextOfTheMessage) {
  CHECK(finds(tnef(attribute(1, 0x0002800c, hidden_message))));
  CHECK(finds(tnef(properties(message, value(0x001e, 0x1000, hidden_message), 1))));
  std::string wide;
  for (char c : hidden_message)
    wide += {c, '\0'};
  CHECK(finds(tnef(properties(message, value(0x001f, 0x1000, wide), 1))));
}

TEST(Tnef, WhatIsCutOffOrNoAttributeIsNamed) {
  std::string whole = tnef(attached("harmless"));
  STRCMP_EQUAL("damaged-document", reason(whole.substr(0, whole.size() - 5)).c_str());
  STRCMP_EQUAL("damaged-document", reason(whole + "and something else").c_str());
  STRCMP_EQUAL("damaged-document",
               reason(tnef(properties(attachment, value(0x7777, 0x3701, "x")))).c_str());
  for (std::size_t size = 0; size < whole.size(); size++)
    (void)reason(whole.substr(0, size));
}

TEST(Tnef, ALengthBeyondItsAttribute) {
  std::string property =
      le16_text(0x0102) + le16_text(0x3701) + le32_text(1) + le32_text(0xfffffff0);
  STRCMP_EQUAL("damaged-document", reason(tnef(properties(attachment, property))).c_str());
}
