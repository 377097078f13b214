// The table of kinds: what is in it is found, and chance finds nothing.
#include "scanner/content/text-check.h"
#include "scanner/formats/detect.h"
#include "scanner/formats/kinds.h"
#include "tests/unit/test-tools.h"

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "tests/unit/data.h" // and CppUTest, which redefines new

using namespace smime;

namespace {

std::vector<unsigned char> chance(std::mt19937 &random, std::size_t size) {
  std::vector<unsigned char> bytes(size);
  for (unsigned char &byte : bytes)
    byte = static_cast<unsigned char>(random());
  return bytes;
}

Bytes as_bytes(std::string_view text) {
  return {reinterpret_cast<const unsigned char *>(text.data()), text.size()};
}

bool is_text(Bytes bytes, std::size_t piece) {
  TextCheck check;
  for (std::size_t at = 0; at < bytes.size(); at += piece)
    check.feed(bytes.subspan(at, std::min(piece, bytes.size() - at)));
  return check.is_text();
}

} // namespace

TEST_GROUP(Kinds) { std::mt19937 random{20261129}; };

TEST(Kinds, EachSignatureFindsItsRow) {
  for (const KindRow &row : kinds()) {
    for (const Signature &signature : row.signatures) {
      if (row.check != nullptr)
        continue;
      std::string content = std::string(signature.offset, ' ') + std::string(signature.bytes);
      content.resize(std::max<std::size_t>(600, content.size()), ' ');
      const KindRow *found = recognise(as_bytes(content), {});
      CHECK_TEXT(found != nullptr && found->name == row.name, std::string(row.name).c_str());
    }
  }
}

// Of what is in ordinary documents and has no magic number.
TEST(Kinds, PartsOfDocuments) {
  std::string printer(64, '\0');
  printer[0] = 'P';
  printer += std::string("\1\4\0\6\xdc\0", 6) + std::string(200, '\0');
  std::string enhanced = std::string("\1\0\0\0", 4) + std::string(36, 'x') + " EMF" + "more";
  // Two of its tables are under the 32 bytes that Office changes.
  std::string font(44, '\x9c');
  for (const char *table : {"OS/2", "cmap", "cvt "})
    font += table + std::string("\1\2\3\4\0\0\1\x10\0\0\0\x60", 12);
  std::string plain_font = std::string("\0\1\0\0\0\3\0\x20\0\1\0\x10", 12) + font.substr(44);
  const std::pair<std::string, const char *> parts[] = {
      {printer, "printer settings (in Excel)"},
      {enhanced, "Windows metafile (EMF)"},
      {font, "obfuscated font (in Office)"},
      {plain_font, "TrueType font"},
      {std::string("\0\x16\0\0\x14\x4c\x0f\x08\xc0\x1f\x12\x0a", 12),
       "part of Pages, Numbers, Keynote"},
      {std::string("\x09\4\6\0\0\0\0\0\0\0\x2f\0\4\0", 14),
       "Excel workbook before 5 with a password"},
      {std::string("\x09\4\6\0\0\0\0\0\0\0\x42\0\2\0", 14), "Excel workbook before 5"},
      {std::string("a\0b\0\n\0\0\0", 8), "text in UTF-16 without a mark"},
      {"CWS\x09 and so on", "compressed Flash film (SWF)"},
      {"FWS\x09 and so on", "Flash film (SWF)"},
      {std::string("\0\x20\1\0\x80\2\x40\x20\x08\1", 10) + std::string(40, 'x'),
       "part of Pages, Numbers, Keynote"},
      {std::string("\xe8\2\x26\1\0\3", 6) + std::string(40, '\0'), "binary sheet (in Excel)"},
      {std::string("\1\0\1\0p\x0e\0\0\0P\x09\0\0\4", 14), "layout cache (in OpenDocument)"},
      {"HWP Document File V3.00 \x1a\1\2\3\4\5" + std::string(300, '\0'), "HWP 3 document"},
      {"HWP Document File V3.00 \x1a\1\2\3\4\5" + std::string(300, '\1'),
       "HWP 3 document with a password"},
      {std::string("\xffWPC\x10\0\0\0\1\x0a\2\1\0\0", 14) + std::string(20, 'x'),
       "WordPerfect document"},
      {std::string("\xffWPC\x10\0\0\0\1\x0a\2\1\7\0", 14) + std::string(20, 'x'),
       "WordPerfect with a password"},
  };
  for (const auto &[content, name] : parts) {
    const KindRow *found = recognise(as_bytes(content), {});
    CHECK_TEXT(found != nullptr && found->name == name, name);
    // What is cut off is no more than unknown.
    for (std::size_t size = 0; size < content.size(); size++)
      (void)recognise(as_bytes(content).first(size), {});
  }
}

TEST(Kinds, EachIsLookedIntoByOneOrHasAReason) {
  for (const KindRow &row : kinds()) {
    CHECK_TEXT((row.look == Look::named) == !row.reason.empty(), std::string(row.name).c_str());
    CHECK_TEXT((row.look == Look::opened) == !row.reader.empty(), std::string(row.name).c_str());
    CHECK_TEXT(!row.signatures.empty() || !row.types.empty() || !row.evidence.empty(),
               std::string(row.name).c_str());
  }
}

// Some of libmagic's tests are of two bytes: of 4000 encrypted files they know more than a
// hundred. What is believed here must not be one in a thousand, and none a file that is opened
// by nobody.
TEST(Kinds, ChanceIsNoKind) {
  const Detector &detector = *test_tools().detector;
  unsigned recognised = 0;
  for (unsigned i = 0; i < 4000; i++) {
    auto bytes = chance(random, i % 2 == 0 ? 2048 : 300);
    recognised += detector.detect(bytes).kind != nullptr ? 1 : 0;
  }
  CHECK_TEXT(recognised <= 4, std::to_string(recognised).c_str());
}

TEST(Kinds, ChanceIsToldFromFormats) {
  for (std::size_t size : {48U, 100U, 500U, 2048U}) {
    for (unsigned i = 0; i < 200; i++)
      CHECK(looks_like_chance(chance(random, size)));
    CHECK(!looks_like_chance(std::vector<unsigned char>(size, 0)));
  }
  CHECK(!looks_like_chance(
      as_bytes("The quick brown fox jumps over the lazy dog, again and again.")));
}

TEST(Kinds, ATableForPeople) {
  std::string text = kinds_as_text();
  for (const KindRow &row : kinds())
    CHECK(text.find("\n" + std::string(row.name)) != std::string::npos);
  CHECK(std::all_of(text.begin(), text.end(),
                    [](char c) { return c == '\n' || (c >= ' ' && c < 0x7f); }));
}

TEST_GROUP(TextChecks) { std::mt19937 random{20261129}; };

TEST(TextChecks, TextStaysTextWithAFewControlBytes) {
  std::string text;
  for (unsigned i = 0; i < 2000; i++)
    text += "A line of a text, with \xc3\xa4 in it.\r\n";
  for (std::size_t at : {std::size_t{0}, std::size_t{1000}, text.size() - 1})
    text[at] = '\a';
  for (std::size_t piece : {1U, 7U, 512U, 1000000U})
    CHECK(is_text(as_bytes(text), piece));
}

TEST(TextChecks, AnArchiveThatIsSpreadThinIsSeen) {
  for (std::size_t at : {0U, 1U, 509U, 510U, 511U, 512U, 3000U}) {
    std::string text(4000, 'x');
    text.replace(at, 4, "PK\5\6");
    for (std::size_t piece : {1U, 2U, 7U, 512U, 1000000U})
      CHECK(!is_text(as_bytes(text), piece));
  }
}

TEST(TextChecks, WhatStandsBehindTextIsSeen) {
  for (std::size_t before : {0U, 100U, 5000U, 70001U}) {
    for (std::size_t size : {2048U, 100000U}) {
      std::string text(before, 'x');
      auto bytes = chance(random, size);
      text.append(bytes.begin(), bytes.end());
      for (std::size_t piece : {13U, 512U, 1000000U})
        CHECK(!is_text(as_bytes(text), piece));
    }
  }
}
