// Entries of a compound file's directory, found as they flow by.
#include "scanner/formats/compound-directory.h"
#include "tests/unit/scanner/formats/reader-tools.h"

#include "tests/unit/data.h" // and CppUTest, which redefines new

using namespace smime;

namespace {

std::string entry(std::string_view name, unsigned type, unsigned start, unsigned size) {
  std::string text;
  for (char c : name)
    text += {c, '\0'};
  text.resize(64);
  text += le16_text(static_cast<unsigned>(name.size() * 2 + 2));
  text += {static_cast<char>(type), '\1'};
  text.resize(116);
  return text + le32_text(start) + le32_text(size) + std::string(4, '\0');
}

} // namespace

TEST_GROUP(CompoundDirectoryGroup){
    static Protection found(const std::string &content){Limits limits;
Protection whole = Protection::none;
for (std::size_t piece : {content.size(), std::size_t{1}, std::size_t{50}, std::size_t{128}}) {
  Inspection inspection(limits, test_tools());
  Window window(inspection);
  CompoundDirectory directory;
  for (std::size_t at = 0; at < content.size(); at += piece) {
    Bytes bytes = as_octets(std::string_view(content).substr(at, piece));
    directory.feed(bytes);
    window.feed(bytes);
  }
  Protection now = directory.protection(window);
  CHECK(piece == content.size() || now == whole);
  whole = now;
}
return whole;
}
}
;

TEST(CompoundDirectoryGroup, NamesInAnyCase) {
  std::string before(5 * 512, 'x');
  CHECK(found(before + entry("EncryptedPackage", 2, 0, 9000)) == Protection::password);
  CHECK(found(before + entry("encryptedPACKAGE", 2, 0, 9000)) == Protection::password);
  CHECK(found(before + entry("\tDRMContent", 2, 0, 9000)) == Protection::rights);
  CHECK(found(before + entry("\6DataSpaces", 1, 0, 0)) == Protection::none);
  CHECK(found(before + std::string(64, 'x') + entry("EncryptedPackage", 2, 0, 0)) ==
        Protection::none);
  CHECK(found(before + entry("EncryptedPackage", 9, 0, 9000)) == Protection::none);
}

TEST(CompoundDirectoryGroup, TheBeginningOfAStreamIsLookedAt) {
  std::string content(512, '\0');
  content += std::string(10, 'x') + le16_text(0x0100);
  content.resize(2 * 512);
  CHECK(found(content + entry("WordDocument", 2, 0, 9000)) == Protection::password);
  CHECK(found(content + entry("WordDocument", 2, 7, 9000)) == Protection::none);
  CHECK(found(content + entry("WordDocument", 2, 0xffffffff, 9000)) == Protection::none);
}

TEST(CompoundDirectoryGroup, AStreamThatBeginsWhereNothingIsKept) {
  Limits limits;
  limits.max_document_size = 100'000;
  std::string word("\xec\xa5\xc1\0\0\0\0\0\0\0\0\1", 12);
  std::string book("\x09\x08\x10\0\0\6\5\0............\x2f\0\x36\0", 24);
  for (const std::string &begin : {word, book}) {
    for (bool has_name : {true, false}) {
      std::string content(3'000'000, '\0');
      content.replace(512 * 1000, begin.size(), begin);
      content.resize(3'000'000 / 512 * 512);
      content += entry(has_name ? "WordDocument" : "Other", 2, 999, 9000);
      Inspection inspection(limits, test_tools());
      Window window(inspection);
      CompoundDirectory directory;
      directory.feed(as_octets(content));
      window.feed(as_octets(content));
      CHECK((directory.protection(window) == Protection::password) == has_name);
    }
  }
}

TEST(CompoundDirectoryGroup, ASmallStreamIsInTheStreamOfThem) {
  std::string content(512 + 64, '\0');
  content += std::string(12, '\0') + le32_text(0xf3d1c4df);
  content.resize(3 * 512);
  CHECK(found(content + entry("Root Entry", 5, 0, 4096) + entry("Current User", 2, 1, 95)) ==
        Protection::password);
  CHECK(found(content + entry("Root Entry", 5, 0, 4096) + entry("Current User", 2, 0, 95)) ==
        Protection::none);
}
