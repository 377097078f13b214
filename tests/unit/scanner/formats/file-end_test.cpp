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
    {database, database_end}};

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
