// Zip archives, honest ones and such as show different files to different readers.
#include "scanner/formats/zip-structure.h"

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "tests/unit/data.h" // and CppUTest, which redefines new

using namespace smime;
using namespace std::string_literals;

namespace {

Bytes as_bytes(std::string_view text) {
  return {reinterpret_cast<const unsigned char *>(text.data()), text.size()};
}

std::string number(std::uint64_t value, std::size_t size) {
  std::string bytes;
  for (std::size_t i = 0; i < size; i++)
    bytes += static_cast<char>(i < sizeof(value) ? value >> (8 * i) : 0);
  return bytes;
}

enum class Descriptor : unsigned char { none, signature, plain, wide };

struct File {
  std::string name;
  std::string data = "some data";
  unsigned flags = 0;
  Descriptor descriptor = Descriptor::none;
  // Of the directory's entry, where it differs.
  std::string other_name = {};
  unsigned other_flags = 0;
  unsigned other_method = 0;
  bool in_directory = true;
  // Bytes in front of it.
  std::string before = {};
};

struct Archive {
  std::vector<File> files;
  std::string before_directory = {};
  std::string comment = {};
  std::uint64_t entries_more = 0;
  std::uint64_t offset_more = 0;
  std::string behind = {};
};

std::string made(const Archive &archive) {
  std::string text;
  std::string directory;
  std::uint64_t count = 0;
  for (const File &file : archive.files) {
    text += file.before;
    std::size_t offset = text.size();
    bool is_open = file.descriptor != Descriptor::none;
    std::string size = number(is_open ? 0 : file.data.size(), 4);
    text += "PK\3\4"s + number(20, 2) + number(file.flags | (is_open ? 8U : 0U), 2) + number(0, 2) +
            number(0, 4) + number(1, 4) + size + size + number(file.name.size(), 2) + number(0, 2) +
            file.name + file.data;
    if (file.descriptor == Descriptor::signature || file.descriptor == Descriptor::wide)
      text += "PK\7\10"s;
    if (is_open)
      text += number(1, 4) + number(file.data.size(), file.descriptor == Descriptor::wide ? 8 : 4) +
              number(file.data.size(), file.descriptor == Descriptor::wide ? 8 : 4);
    if (!file.in_directory)
      continue;
    count++;
    const std::string &name = file.other_name.empty() ? file.name : file.other_name;
    directory += "PK\1\2"s + number(20, 2) + number(20, 2) +
                 number((file.flags | (is_open ? 8U : 0U)) ^ file.other_flags, 2) +
                 number(file.other_method, 2) + number(0, 4) + number(1, 4) +
                 number(file.data.size(), 4) + number(file.data.size(), 4) +
                 number(name.size(), 2) + number(0, 12) + number(offset, 4) + name;
  }
  text += archive.before_directory;
  std::uint64_t start = text.size() + archive.offset_more;
  count += archive.entries_more;
  return text + directory + "PK\5\6"s + number(0, 4) + number(count, 2) + number(count, 2) +
         number(directory.size(), 4) + number(start, 4) + number(archive.comment.size(), 2) +
         archive.comment + archive.behind;
}

struct Reading {
  std::string contradiction;
  bool encrypted = false;
  bool is_volume = false;
  bool has_end = false;
  std::string strays;
};

Reading read_in(std::string_view text, std::size_t piece, bool of_its_own) {
  Reading reading;
  ZipStructure zip(of_its_own,
                   [&](Bytes bytes) { reading.strays.append(bytes.begin(), bytes.end()); });
  for (std::size_t at = 0; at < text.size(); at += piece)
    zip.feed(as_bytes(text.substr(at, piece)));
  zip.finish();
  reading.contradiction = zip.contradiction();
  reading.encrypted = zip.encrypted();
  reading.is_volume = zip.is_volume();
  reading.has_end = zip.has_end();
  return reading;
}

Reading read(std::string_view text, bool of_its_own = true) {
  Reading whole = read_in(text, text.size(), of_its_own);
  for (std::size_t piece : {std::size_t{1}, std::size_t{7}, std::size_t{100}}) {
    Reading other = read_in(text, piece, of_its_own);
    STRCMP_EQUAL(whole.contradiction.c_str(), other.contradiction.c_str());
    STRCMP_EQUAL(whole.strays.c_str(), other.strays.c_str());
    CHECK(whole.encrypted == other.encrypted && whole.is_volume == other.is_volume &&
          whole.has_end == other.has_end);
  }
  return whole;
}

void check_honest(std::string_view text) {
  Reading reading = read(text);
  STRCMP_EQUAL("", reading.contradiction.c_str());
  CHECK(reading.has_end && !reading.is_volume && !reading.encrypted);
}

void check_contradiction(std::string_view why, std::string_view text) {
  STRCMP_EQUAL(std::string(why).c_str(), read(text).contradiction.c_str());
}

} // namespace

TEST_GROUP(ZipStructures){};

TEST(ZipStructures, HonestOnesAgree) {
  check_honest(made({}));
  check_honest(made({.files = {{"a"}, {"b", ""}, {"c/", ""}}}));
  check_honest(made({.files = {{"a"}}, .comment = "A comment."}));
  for (Descriptor descriptor : {Descriptor::signature, Descriptor::plain, Descriptor::wide})
    check_honest(made({.files = {{.name = "a", .descriptor = descriptor},
                                 {.name = "b", .data = "", .descriptor = descriptor},
                                 {.name = "c", .descriptor = descriptor}}}));
}

TEST(ZipStructures, AnArchiveInAFileOfUnknownSizeIsItsData) {
  std::string inner = made({.files = {{.name = "x", .descriptor = Descriptor::signature}}});
  for (Descriptor descriptor : {Descriptor::signature, Descriptor::plain, Descriptor::wide})
    check_honest(made(
        {.files = {{.name = "a.zip", .data = inner, .descriptor = descriptor}, {.name = "b"}}}));
}

TEST(ZipStructures, WhatAlignsOrSignsIsNoContradiction) {
  check_honest(made({.files = {{"a"}, {.name = "b", .before = std::string(37, '\0')}}}));
  std::string pairs(100, 'p');
  std::string size = number(pairs.size() + 24, 8);
  check_honest(
      made({.files = {{"a"}}, .before_directory = size + pairs + size + "APK Sig Block 42"}));
  check_honest(made({.files = {{"a"}}, .behind = "\r\n"}));
}

TEST(ZipStructures, EitherHeaderMaySayEncrypted) {
  CHECK(read(made({.files = {{.name = "a", .flags = 1}}})).encrypted);
  Reading reading = read(made({.files = {{.name = "a", .other_flags = 1}}}));
  CHECK(reading.encrypted);
  STRCMP_EQUAL("a file's two headers differ", reading.contradiction.c_str());
  reading = read(made({.files = {{.name = "a", .flags = 1, .other_flags = 1}}}));
  CHECK(reading.encrypted);
  STRCMP_EQUAL("a file's two headers differ", reading.contradiction.c_str());
}

TEST(ZipStructures, FilesThatOnlyOneShows) {
  check_contradiction("it has a file that its directory has not",
                      made({.files = {{"a"}, {.name = "b", .in_directory = false}, {"c"}}}));
  check_contradiction("a file has two names", made({.files = {{.name = "a", .other_name = "b"}}}));
  check_contradiction("a file's two headers differ",
                      made({.files = {{.name = "a", .other_method = 8}}}));
  check_contradiction("its directory is not the one that its end tells of",
                      made({.files = {{"a"}}, .entries_more = 1}));
}

TEST(ZipStructures, SeveralEnds) {
  std::string end = made({});
  check_contradiction("it has several ends", made({.files = {{"a"}}, .comment = end}));
  std::string two = made({.files = {{.name = "a", .flags = 1}}}) + made({.files = {{"b"}}});
  Reading reading = read(two);
  STRCMP_EQUAL("there is more behind its end", reading.contradiction.c_str());
  CHECK(reading.encrypted);
  STRCMP_EQUAL(made({.files = {{"b"}}}).c_str(), reading.strays.c_str());
}

TEST(ZipStructures, AZeroedDirectory) {
  std::string text = made({.files = {{.name = "a", .flags = 1}}});
  std::size_t start = text.find("PK\1\2");
  text.replace(start, text.find("PK\5\6") - start, text.find("PK\5\6") - start, '\0');
  Reading reading = read(text);
  CHECK(reading.encrypted);
  CHECK(!reading.contradiction.empty());
}

TEST(ZipStructures, BytesBetweenAreGivenOutAsTheyAre) {
  std::string hidden = "\x7f hidden\0\0 and PK more PK\3\4 so \1"s;
  Reading reading = read(made({.files = {{"a"}, {.name = "b", .before = hidden}}}));
  STRCMP_EQUAL("it has bytes between its records", reading.contradiction.c_str());
  CHECK(reading.strays == hidden);
  check_contradiction("it has bytes between its records",
                      made({.files = {{"a"}}, .before_directory = hidden}));
}

TEST(ZipStructures, ZerosInWhatBelongsToNothingEndNothing) {
  std::string text = made({.files = {{"a"}, {"b"}}});
  text[text.find("PK\1\2") + 3] = '\3';
  Reading reading = read(text);
  CHECK(reading.has_end);
  CHECK(!reading.contradiction.empty());
}

TEST(ZipStructures, Volumes) {
  std::string text = made({.files = {{"a"}, {"b"}}, .offset_more = 1000});
  CHECK(read(text).is_volume);
  // The first one has no end, and a mark; an archive that fitted has both.
  std::string marked = "PK\7\10"s + made({.files = {{"a"}}});
  CHECK(read(marked.substr(0, marked.find("PK\1\2"))).is_volume);
  std::string last = made({.files = {{"a"}}});
  last[last.find("PK\5\6") + 4] = 1;
  CHECK(read(last).is_volume);
}

TEST(ZipStructures, BehindAProgramItMayCountFromEither) {
  std::string program(5000, 'x');
  std::string own = made({.files = {{"a"}, {"b"}}, .behind = "a signature"});
  std::string all = made({.files = {{.name = "a", .before = program}, {"b"}}});
  for (const std::string &text : {own, all.substr(program.size())}) {
    Reading reading = read(text, false);
    STRCMP_EQUAL("", reading.contradiction.c_str());
    CHECK(reading.has_end && !reading.is_volume);
  }
}

TEST(ZipStructures, WhatIsCutHasNoEnd) {
  std::string text = made({.files = {{"a"}, {.name = "b", .descriptor = Descriptor::signature}}});
  for (std::size_t size = 0; size < text.size(); size++) {
    Reading reading = read(text.substr(0, size));
    CHECK(!reading.has_end || !reading.contradiction.empty());
  }
}

TEST(ZipStructures, FilesOfOtherProgramsAgree) {
  for (const char *name :
       {"files/msoffcrypto/example.docx", "files/odftoolkit/PasswordProtected.odt",
        "files/apache-poi/documentProtection_readonly_no_password.docx"}) {
    std::string text = read_data(name);
    Reading reading = read_in(text, 4096, true);
    CHECK_TEXT(reading.contradiction.empty(), (name + (": " + reading.contradiction)).c_str());
    CHECK(reading.has_end);
  }
}
