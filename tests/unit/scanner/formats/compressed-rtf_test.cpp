// Outlook's compression of RTF.
#include "scanner/formats/compressed-rtf.h"
#include "tests/unit/scanner/formats/reader-tools.h"

#include "tests/unit/data.h" // and CppUTest, which redefines new

using namespace smime;

namespace {

class Kept : public ByteSink {
public:
  void feed(Bytes bytes) override { text.append(bytes.begin(), bytes.end()); }
  void finish() override {}
  std::string text;
};

std::string header(std::string_view type) {
  return std::string(8, '\0') + std::string(type) + std::string(4, '\0');
}

} // namespace

TEST_GROUP(CompressedRtfGroup){
    static std::string decoded(const std::string &content, bool is_known = true){std::string whole;
for (std::size_t piece : {content.size(), std::size_t{1}, std::size_t{5}}) {
  Kept kept;
  CompressedRtf decoder(kept);
  for (std::size_t at = 0; at < content.size(); at += piece)
    decoder.feed(as_octets(std::string_view(content).substr(at, piece)));
  decoder.finish();
  CHECK_EQUAL(is_known, decoder.is_known());
  CHECK(piece == content.size() || kept.text == whole);
  whole = kept.text;
}
return whole;
}
}
;

// The example of MS-OXRTFCP section 3.1.1.
TEST(CompressedRtfGroup, TheExampleOfTheSpecification) {
  std::string content("\x2d\0\0\0\x2b\0\0\0LZFu\xf1\xc5\xc7\xa7\3\0\x0a\0rcpg125B2\x0a\xf3 hel"
                      "\x09\0 bw\5\xb0ld}\x0a\x80\x0f\xa0",
                      49);
  STRCMP_EQUAL("{\\rtf1\\ansi\\ansicpg1252\\pard hello world}\r\n", decoded(content).c_str());
}

TEST(CompressedRtfGroup, OverlappingReferencesAndTheEnd) {
  // "ab", then from where that stands as much as there may be, then the end.
  std::string content = header("LZFu") + std::string("\x0c"
                                                     "ab\x0c\xff\x0e\x20yy",
                                                     9);
  STRCMP_EQUAL("abababababababababa", decoded(content).c_str());
}

TEST(CompressedRtfGroup, WhatIsNotCompressedAndWhatIsUnknown) {
  STRCMP_EQUAL("{\\rtf1 x}", decoded(header("MELA") + "{\\rtf1 x}").c_str());
  STRCMP_EQUAL("", decoded(header("ZZZZ") + "{\\rtf1 x}", false).c_str());
  STRCMP_EQUAL("", decoded(header("LZFu").substr(0, 10)).c_str());
}
