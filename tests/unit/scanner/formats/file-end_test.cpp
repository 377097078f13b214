// Files that say where they end, with something behind, in pieces of any size.
#include "scanner/formats/file-end.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "tests/unit/data.h" // and CppUTest, which redefines new

using namespace smime;
using namespace std::string_literals;

namespace {

const std::string png = "\x89PNG\r\n\x1a\n\0\0\0\1IHDRxcccc\0\0\0\3IDATxyzcccc\0\0\0\0IENDcccc"s;
const std::string gif =
    "GIF89a\1\0\1\0\x80\0\0aaabbb\x21\xf9\2xy\0\x2c\0\0\0\0\1\0\1\0\0\2\1z\0\x3b"s;
// A restart and an escaped byte in the scan; fill bytes in front of the end.
const std::string jpeg =
    "\xff\xd8\xff\xe0\0\4xx\xff\xda\0\3yabc\xff\0d\xff\xd0"s + "ef\xff\xff\xff\xd9"s;
const std::string riff = "RIFF\6\0\0\0WEBPxx"s;
const std::string mpeg4 = "\0\0\0\x0c"s + "ftypisom"s + "\0\0\0\1mdat\0\0\0\0\0\0\0\x13xyz"s;
const std::string rtf = "{\\rtf1 a\\}b {\\b c}\\bin3 }}}\\'7d \\bin0 x{\\bin2}}}}"s;
const std::string ogg = "OggS\0\2aaaaaaaabbbbccccdddd\2\2\3xxyyyOggS\0\4aaaaaaaabbbbccccdddd\0"s;
const std::string midi = "MThd\0\0\0\6\0\0\0\1\0\x60MTrk\0\0\0\4\0\xff\x2f\0"s;
const std::string matroska =
    "\x1a\x45\xdf\xa3\x81x\x18\x53\x80\x67\xff\x1f\x43\xb6\x75\x40\3abc\xa3\x82xy"s;
const std::string flash_video = "FLV\1\5\0\0\0\x09\0\0\0\0\x09\0\0\3\0\0\0\0\0\0\0abc\0\0\0\x0e"s;
const std::string metafile = "123456789012345678\4\0\0\0\1\2xy\3\0\0\0\0\0"s;
const std::string wasm = "\0asm\1\0\0\0\1\3abc\x0a\x82\0xy"s;
const std::string pdf = "%PDF-1.4\nx %%%EOF\n\0 1 0 obj %%EO %%EOF\r\n"s;
const std::string der = "\x30\x82\0\3abc"s;
const std::string database = "SQLite format 3\0\2\0"s + std::string(6, '\0') + "\0\0\0\1\0\0\0\1"s +
                             std::string(60, '\0') + "\0\0\0\1"s + std::string(416, 'x');
const std::string flac = "fLaC\x84\0\0\2xy"s;
const std::string web_font =
    "wOF2\0\1\0\0\0\0\0\x34"s + std::string(28, '\0') + "\0\0\0\x32\0\0\0\2ttpp"s;
const std::string asf = "\x30\x26\xb2\x75xxxxyyyyzzzz\x38\0\0\0\0\0\0\0\1\0\0\0\1\2"s +
                        "\x74\xd4\6\x18xxxxyyyyzzzz\x1a\0\0\0\0\0\0\0pp"s;
const std::string behind = "PK\3\4 and what follows, which is longer than a header is";

using Make = std::unique_ptr<FileEnd> (*)();
const std::vector<std::pair<std::string, Make>> files{
    {png, png_end},           {gif, gif_end},
    {jpeg, jpeg_end},         {riff, riff_end},
    {mpeg4, mpeg4_end},       {rtf, rtf_end},
    {ogg, ogg_end},           {midi, midi_end},
    {matroska, matroska_end}, {flash_video, flash_video_end},
    {metafile, metafile_end}, {wasm, wasm_end},
    {pdf, pdf_end},           {der, der_end},
    {database, database_end}, {flac, flac_end},
    {web_font, web_font_end}, {asf, asf_end}};

// Of each the pieces that nobody reads, with a bar behind each.
struct WithPieces {
  std::string file;
  Make make;
  std::string pieces;
};

const std::vector<WithPieces> with_pieces{
    {png.substr(0, 21) + "\0\0\0\2prVtabcccc\0\0\0\1tEXtxcccc"s + png.substr(21), png_end, "ab|x|"},
    {jpeg.substr(0, 2) + "\xff\xfe\0\5abc\xff\xe1\0\4xy\xff\xe1\0\x09"s + "Exif\0zz"s +
         jpeg.substr(2),
     jpeg_end, "abc|xy|xx|"},
    {gif.substr(0, 19) + "\x21\xfe\2ab\1c\0"s + gif.substr(19), gif_end, "abc|xy|"},
    {"RIFF\x36\0\0\0WAVEJUNK\1\0\0\0a\0data\2\0\0\0xyLIST\x0e\0\0\0INFOmine\2\0\0\0cd"
     "PAD \0\0\0\0"s,
     riff_end, "a\0|cd|"s},
    // What is no chunk is a piece to the end.
    {"RIFF\x10\0\0\0WAVE\1\2\3\4\5\6\7\x08zzzz"s, riff_end, "zzzz|"},
    {mpeg4 + "\0\0\0\x0a"s + "freeab\0\0\0\x1cmoov\0\0\0\x0aminecd\0\0\0\x0amdatxx"s, mpeg4_end,
     "isom|ab|cd|"},
    {"\x1a\x45\xdf\xa3\x81x\x18\x53\x80\x67\x98\xec\x82pp\x19\x41\xa4\x69\x8f\x61\xa7\x8c"
     "\x46\x6e\x83nam\x46\x5c\x83xyz"s,
     matroska_end, "pp|xyz|"},
    {asf, asf_end, "pp|"},
    {"fLaC\1\0\0\2ab\6\0\0\x25xxxx\0\0\0\1t\0\0\0\1d"s + std::string(16, 'z') +
         "\0\0\0\3png\x82\0\0\1c"s,
     flac_end, "ab|png|c|"},
    {web_font, web_font_end, "pp|"},
    {wasm + "\0\2ab"s, wasm_end, "ab|"},
};

class Pieces : public PieceSink {
public:
  void feed(Bytes bytes) override { text_.append(bytes.begin(), bytes.end()); }
  void end_piece() override { text_ += '|'; }
  void finish() override {}
  const std::string &text() const { return text_; }

private:
  std::string text_;
};

std::string what_is_behind(Make make, const std::string &file, std::size_t piece) {
  auto end = make();
  std::string found;
  for (std::size_t at = 0; at < file.size(); at += piece) {
    std::string part = file.substr(at, piece);
    Bytes bytes(reinterpret_cast<const unsigned char *>(part.data()), part.size());
    if (!end->ended()) {
      bytes = end->feed(bytes);
      if (end->ended())
        found.append(end->refused().begin(), end->refused().end());
    }
    if (end->ended())
      found.append(bytes.begin(), bytes.end());
  }
  return found;
}

} // namespace

TEST_GROUP(FileEnds){};

TEST(FileEnds, WhatIsBehindIsGivenBackWhole) {
  for (const auto &[file, make] : files) {
    for (std::size_t piece = 1; piece <= file.size() + behind.size(); piece++) {
      STRCMP_EQUAL_TEXT(behind.c_str(), what_is_behind(make, file + behind, piece).c_str(),
                        file.c_str());
      STRCMP_EQUAL("", what_is_behind(make, file, piece).c_str());
    }
  }
}

TEST(FileEnds, WhatNobodyReadsIsGivenWhole) {
  for (const WithPieces &one : with_pieces) {
    for (std::size_t piece = 1; piece <= one.file.size(); piece++) {
      Pieces pieces;
      auto end = one.make();
      end->give_unread(&pieces);
      for (std::size_t at = 0; at < one.file.size(); at += piece) {
        std::string part = one.file.substr(at, piece);
        Bytes rest = end->feed({reinterpret_cast<const unsigned char *>(part.data()), part.size()});
        CHECK_TEXT(rest.empty(), one.file.c_str());
      }
      STRCMP_EQUAL_TEXT(one.pieces.c_str(), pieces.text().c_str(), one.file.c_str());
      CHECK_EQUAL(one.pieces.size(), pieces.text().size());
    }
  }
}

TEST(FileEnds, WhatBreaksTheStructureIsBehind) {
  for (const auto &[file, make] : files) {
    for (std::size_t cut = 9; cut < file.size(); cut++) {
      // Whatever it is taken for, it comes to an end.
      std::string broken = file.substr(0, cut) + std::string(5000, '\xfe');
      (void)what_is_behind(make, broken, 7);
    }
  }
  // What is no chunk is not skipped as one.
  STRCMP_EQUAL(
      " hidden",
      what_is_behind(png_end, png.substr(0, 8) + "\1\1\1\1\1\2\3\4 hidden", 3).substr(8).c_str());
}
