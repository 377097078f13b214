// What libgsf may be given of compound files.
#include "scanner/formats/compound-file.h"
#include "tests/unit/scanner/formats/reader-tools.h"

#include "tests/unit/data.h" // and CppUTest, which redefines new

using namespace smime;

namespace {

constexpr unsigned nobody = 0xffffffffU;
constexpr std::size_t sector = 512;

std::string entry(std::string_view name, unsigned type, unsigned left, unsigned right,
                  unsigned child) {
  std::string text;
  for (char c : name)
    text += {c, '\0'};
  text.resize(64);
  text += le16_text(static_cast<unsigned>(name.size() * 2 + 2));
  text += {static_cast<char>(type), '\1'};
  text += le32_text(left) + le32_text(right) + le32_text(child);
  text.resize(116);
  return text + le32_text(0xfffffffeU) + std::string(8, '\0');
}

// A header, the table of sectors and a directory with a root and one empty stream
// (MS-CFB sections 2.2 and 2.6).
std::string file(const std::string &root) {
  std::string text = "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + std::string(16, '\0');
  text += le16_text(0x3e) + le16_text(3) + le16_text(0xfffe) + le16_text(9) + le16_text(6);
  text += std::string(10, '\0') + le32_text(1) + le32_text(1) + le32_text(0) + le32_text(4096);
  text += le32_text(0xfffffffeU) + le32_text(0) + le32_text(0xfffffffeU) + le32_text(0);
  text += le32_text(0);
  text.resize(sector, '\xff');
  text += le32_text(0xfffffffdU) + le32_text(0xfffffffeU);
  text.resize(2 * sector, '\xff');
  text += root + entry("Contents", 2, nobody, nobody, nobody);
  text.resize(3 * sector, '\0');
  return text;
}

bool is_damaged(const std::string &content) {
  Report report = read_in_pieces(make_compound_file_reader, content, content.size());
  return std::any_of(report.uninspectable.begin(), report.uninspectable.end(),
                     [](const auto &part) { return part.reason == "damaged-document"; });
}

} // namespace

TEST_GROUP(CompoundFileGroup){};

TEST(CompoundFileGroup, TheRootStandsAlone) {
  CHECK(!is_damaged(file(entry("Root Entry", 5, nobody, nobody, 1))));
  CHECK(!is_damaged(file(entry("Root Entry", 5, nobody, nobody, nobody))));
  // Nobody sees what hangs beside the root, and libgsf forgets to free it.
  CHECK(is_damaged(file(entry("Root Entry", 5, 1, nobody, nobody))));
  CHECK(is_damaged(file(entry("Root Entry", 5, nobody, 1, nobody))));
  CHECK(is_damaged(file(entry("Root Entry", 2, nobody, nobody, nobody))));
}
