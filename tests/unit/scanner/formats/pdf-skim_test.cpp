// Whether a PDF that is too large to be kept has files in it.
#include "scanner/formats/pdf-skim.h"
#include "tests/unit/scanner/formats/reader-tools.h"

#include <random>
#include <vector>

#include "tests/unit/data.h" // and CppUTest, which redefines new

using namespace smime;

namespace {

std::string object_stream(const std::string &inside) {
  std::vector<unsigned char> packed(inside.size() + 200);
  uLongf size = packed.size();
  LONGS_EQUAL(Z_OK,
              compress(packed.data(), &size, reinterpret_cast<const unsigned char *>(inside.data()),
                       inside.size()));
  return "7 0 obj\n<</Type/ObjStm/N 9/First 20/Filter/FlateDecode>>stream\r\n" +
         std::string(packed.begin(), packed.begin() + static_cast<std::ptrdiff_t>(size)) +
         "\nendstream endobj\n";
}

const std::string filler(3000, ' ');

} // namespace

TEST_GROUP(PdfSkimGroup){static bool may_have_files(const std::string &content){Limits limits;
Place place;
bool whole = false;
for (std::size_t piece : {content.size(), std::size_t{1}, std::size_t{10}, std::size_t{1000}}) {
  Inspection inspection(limits, test_tools());
  PdfSkim skim(inspection, place);
  for (std::size_t at = 0; at < content.size(); at += piece)
    skim.feed(as_octets(std::string_view(content).substr(at, piece)));
  CHECK_EQUAL(piece == content.size() ? skim.may_have_files() : whole, skim.may_have_files());
  whole = skim.may_have_files();
}
return whole;
}
}
;

TEST(PdfSkimGroup, TheKeyInAnObject) {
  for (const char *key : {"/EF<<", "/EF << /F", "/EF 7 0 R", "/E#46\r\n12 0 R", "/#45#46<<"})
    CHECK_TEXT(may_have_files(filler + key + filler), key);
  for (const char *key : {"/EFx<<", "/EF/x", "/EmbeddedFont<<", "/EF (x)"})
    CHECK_TEXT(!may_have_files(filler + key + filler), key);
}

TEST(PdfSkimGroup, TheKeyInAnObjectStream) {
  CHECK(may_have_files(filler + object_stream(filler + "<</EF 7 0 R>>") + filler));
  CHECK(may_have_files(object_stream(filler) + object_stream("<</EF 7 0 R>>" + filler) + filler));
  CHECK(!may_have_files(filler + object_stream(filler) + object_stream("x") + filler));
}

TEST(PdfSkimGroup, AnObjectStreamThatCannotBeReadMayHaveAll) {
  CHECK(
      may_have_files("<</Type/ObjStm/Filter/LZWDecode>>stream\n" + std::string(100, 'x') + filler));
}

TEST(PdfSkimGroup, TheKeyInPiecesOfEverySize) {
  for (const char *text : {"aa /EF<<", "/EF", "//E#46 ", "x/#45F", " /#45#46 7 0 R"}) {
    for (std::size_t piece = 1; piece < 16; piece++) {
      PdfFileKey key;
      for (std::string_view rest = text; !rest.empty();
           rest.remove_prefix(std::min(piece, rest.size())))
        key.feed(rest.substr(0, piece));
      CHECK_TEXT(key.found(), text);
    }
  }
  PdfFileKey key;
  key.feed("/E");
  key.feed("G /#46F /#45");
  CHECK(!key.found());
  key.feed("F");
  CHECK(key.found());
}

TEST(PdfSkimGroup, ChanceHasNone) {
  std::mt19937 random{1};
  std::string bytes(3'000'000, '\0');
  for (char &c : bytes)
    c = static_cast<char>(random());
  CHECK(!may_have_files(bytes.substr(0, 300'000)));
}
