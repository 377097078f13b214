// The small readers that content is looked at with.
#include "scanner/base/base64.h"
#include "scanner/base/fiber.h"
#include "scanner/formats/detect.h"
#include "scanner/formats/rar5.h"
#include "scanner/inspection/reader.h"
#include "scanner/inspection/window.h"
#include "tests/unit/test-tools.h"

#include <algorithm>
#include <string>
#include <string_view>

#include "tests/unit/data.h" // and CppUTest, which redefines new

using namespace smime;

namespace {

Bytes as_bytes(std::string_view text) {
  return {reinterpret_cast<const unsigned char *>(text.data()), text.size()};
}

std::string decoded(std::string_view text, std::size_t piece) {
  Base64Decoder decoder;
  std::vector<unsigned char> output;
  for (std::size_t at = 0; at < text.size(); at += piece)
    decoder.decode(as_bytes(text.substr(at, piece)), output);
  return {output.begin(), output.end()};
}

std::vector<unsigned char> octets(std::initializer_list<unsigned char> list) { return list; }

} // namespace

TEST_GROUP(Base64){};

TEST(Base64, PiecesMakeNoDifference) {
  for (std::size_t piece = 1; piece < 9; piece++)
    STRCMP_EQUAL("A sample text.", decoded("QSBzYW1w\r\nbGUgdGV4dC4=\r\n", piece).c_str());
}

TEST(Base64, WhatReadersIgnoreIsIgnored) {
  STRCMP_EQUAL("A sample text.", decoded("QSBz*YW1w bGU!gdGV4dC4=", 3).c_str());
}

TEST(Base64, PaddingIsNotTheEnd) { STRCMP_EQUAL("abab", decoded("YWI=YWI=", 5).c_str()); }

TEST_GROUP(WindowGroup) { Limits limits; };

TEST(WindowGroup, BeginningAndEndAreKept) {
  limits.max_document_size = 300000;
  Inspection inspection(limits, test_tools());
  std::vector<unsigned char> content(5'000'000);
  for (std::size_t i = 0; i < content.size(); i++)
    content[i] = static_cast<unsigned char>(i * 7 + i / 256);
  Window window(inspection);
  for (std::size_t at = 0; at < content.size(); at += 12345)
    window.feed(Bytes(content).subspan(at, std::min<std::size_t>(12345, content.size() - at)));
  CHECK(!window.whole());
  LONGS_EQUAL(content.size(), window.size());
  unsigned char byte = 0;
  for (std::size_t at : {0, 299'999, 3'999'999 + 1, 4'999'999}) {
    LONGS_EQUAL(1, window.read(at, &byte, 1));
    LONGS_EQUAL(content[at], byte);
  }
  LONGS_EQUAL(0, window.read(300'000, &byte, 1));
  LONGS_EQUAL(0, window.read(5'000'000, &byte, 1));
  CHECK(window.in_gap(300'000) && window.in_gap(3'900'000) && !window.in_gap(4'500'000));
}

TEST(WindowGroup, RoomIsSharedAndGivenBack) {
  limits.max_document_size = 300000;
  Inspection inspection(limits, test_tools());
  std::vector<unsigned char> content(300000);
  {
    Window first(inspection), second(inspection);
    first.feed(content);
    second.feed(content);
    CHECK(first.whole());
    CHECK(!second.whole());
  }
  Window third(inspection);
  third.feed(content);
  CHECK(third.whole());
}

TEST_GROUP(FiberGroup){};

TEST(FiberGroup, AReaderGetsEveryPiece) {
  std::string seen;
  {
    Fiber fiber([&](Fiber &self) {
      for (Bytes bytes = self.wait(); !bytes.empty(); bytes = self.wait())
        seen.append(bytes.begin(), bytes.end());
      seen += "|";
    });
    fiber.feed(as_bytes("ab"));
    fiber.feed(as_bytes("c"));
    fiber.finish();
  }
  STRCMP_EQUAL("abc|", seen.c_str());
}

TEST(FiberGroup, AReaderThatStopsEarlyOrIsLeftAlone) {
  int ends = 0;
  {
    Fiber early([&](Fiber &self) {
      (void)self.wait();
      ends++;
    });
    early.feed(as_bytes("a"));
    early.feed(as_bytes("b"));
    Fiber left([&](Fiber &self) {
      while (!self.wait().empty()) {
      }
      ends++;
    });
    left.feed(as_bytes("a"));
    Fiber never([&](Fiber &) { ends += 10; });
  }
  CHECK(ends == 2 || ends == 12);
}

TEST_GROUP(Detect){};

TEST(Detect, TextAndEntities) {
  CHECK(looks_like_text(as_bytes("Some text\r\nwith lines\r\n")));
  CHECK(!looks_like_text(as_bytes(std::string_view("a\0b", 3))));
  CHECK(looks_like_entity(as_bytes("Content-Type: text/plain\r\n\r\nx")));
  CHECK(looks_like_entity(as_bytes("\r\nx")));
  CHECK(!looks_like_entity(as_bytes("no field here\r\n")));
  CHECK(has_pdf_header(as_bytes("junk\n%PDF-1.7\n"), false));
  CHECK(!has_pdf_header(as_bytes("junk\n%PDF-1.7\n"), true));
}

TEST(Detect, Kinds) {
  const Detector &detector = *test_tools().detector;
  CHECK(detector.detect(as_bytes("%PDF-1.7\n")).kind->opener == Kind::pdf);
  CHECK(detector.detect(octets({'P', 'K', 3, 4, 20, 0, 0, 0, 8, 0})).kind->opener == Kind::archive);
  STRCMP_EQUAL("application/zip",
               detector.detect(octets({'P', 'K', 3, 4, 20, 0, 0, 0, 8, 0})).type.c_str());
  CHECK(detector.detect(octets({0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1})).kind->opener ==
        Kind::compound_file);
  CHECK(detector.detect(as_bytes("GIF89a")).kind->look == Look::leaf);
  POINTERS_EQUAL(nullptr, detector.detect(octets({0, 1, 2, 3, 4, 5, 6, 7})).kind);
}

TEST_GROUP(Rar5){};

TEST(Rar5, EncryptionIsSeenInPieces) {
  for (const auto &[file, encrypted] :
       {std::pair{"files/rarfile/rar5-hpsw.rar", true},
        {"files/libarchive/test_read_format_rar5_solid_encrypted.rar", true},
        {"files/rarfile/rar5-crc.rar", false},
        {"files/rarfile/rar3-comment-psw.rar", false}}) {
    std::string content = read_data(file);
    for (std::size_t piece : {std::size_t{1}, std::size_t{7}, content.size()}) {
      Rar5Headers headers;
      for (std::size_t at = 0; at < content.size(); at += piece)
        headers.feed(as_bytes(std::string_view(content).substr(at, piece)));
      CHECK_TEXT(headers.encrypted() == encrypted, file);
      CHECK_TEXT(encrypted || !headers.end() || headers.end() == content.size(), file);
    }
  }
}

TEST_GROUP(Labels){};

// Readers stand beside each other by what the bytes and the label say, in all combinations.
TEST(Labels, EachKindUnderEachLabel) {
  struct Label {
    const char *type;
    const char *name;
  };
  for (const KindRow &row : kinds()) {
    for (const Signature &signature : row.signatures) {
      for (Label label : {Label{"application/pdf", "a.pdf"}, Label{"text/plain", "a.txt"},
                          Label{"application/octet-stream", "a.asc"}, Label{"image/png", "a.pdf"},
                          Label{"application/pkcs7-mime", "smime.p7m"}, Label{"text/html", ""}}) {
        for (std::size_t size : {signature.offset + signature.bytes.size(), std::size_t{5000}}) {
          std::string content = std::string(signature.offset, '\1') + std::string(signature.bytes);
          content.resize(std::max(size, content.size()), '\2');
          Limits limits;
          Inspection inspection(limits, test_tools());
          Place place;
          place.path = "1";
          place.type = label.type;
          place.name = label.name;
          place.is_text = place.type.starts_with("text/");
          place.has_cms_label = place.name == "smime.p7m";
          {
            auto reader = make_content_reader(inspection, place);
            reader->feed(as_bytes(content));
            reader->finish();
          }
          (void)inspection.finish(content.size());
        }
      }
    }
  }
}
