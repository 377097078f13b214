// Where formats that are compound files say that they are encrypted.
#include "common/ascii.h"
#include "scanner/formats/office-marks.h"
#include "tests/unit/scanner/formats/reader-tools.h"

#include "tests/unit/data.h" // and CppUTest, which redefines new

using namespace smime;

TEST_GROUP(OfficeMarks){static Protection content(std::string_view name, const std::string &bytes){
    CHECK(has_protection_marks(name));
return protection_by_content(name, as_octets(bytes));
}
}
;

TEST(OfficeMarks, Names) {
  CHECK(protection_by_name(lower("EncryptedPackage")) == Protection::password);
  CHECK(protection_by_name(lower("ENCRYPTEDSUMMARY")) == Protection::password);
  CHECK(protection_by_name(lower("\tDRMContent")) == Protection::rights);
  CHECK(protection_by_name("worddocument") == Protection::none);
  CHECK(protection_by_name("drmcontent") == Protection::none);
}

TEST(OfficeMarks, Word) {
  std::string begin("\xec\xa5\xc1\0\0\0\0\0\0\0", 10);
  CHECK(content("worddocument", begin + le16_text(0x0100)) == Protection::password);
  CHECK(content("worddocument", begin + le16_text(0xfeff)) == Protection::none);
  CHECK(content("worddocument", begin) == Protection::none);
}

TEST(OfficeMarks, AWorkbooksRecordsAreReadUpToFilePass) {
  std::string begin = le16_text(0x809) + le16_text(4) + "abcd" + le16_text(0x86) + le16_text(0);
  CHECK(content("workbook", begin + le16_text(0x2f) + le16_text(0)) == Protection::password);
  CHECK(content("book", begin + le16_text(0x2f) + le16_text(0)) == Protection::password);
  CHECK(content("workbook", begin + le16_text(0x30) + le16_text(0)) == Protection::none);
  CHECK(content("workbook", le16_text(0x809) + le16_text(0xffff)) == Protection::none);
}

TEST(OfficeMarks, PowerPoint) {
  std::string begin(12, '\0');
  CHECK(content("current user", begin + le32_text(0xf3d1c4df)) == Protection::password);
  CHECK(content("current user", begin + le32_text(0xe391c05f)) == Protection::none);
  CHECK(content("current user", begin) == Protection::none);
}

TEST(OfficeMarks, Hangul) {
  std::string begin = "HWP Document File";
  begin.resize(36);
  CHECK(content("fileheader", begin + le32_text(1)) == Protection::none);
  CHECK(content("fileheader", begin + le32_text(2)) == Protection::password);
  CHECK(content("fileheader", begin + le32_text(0x100)) == Protection::password);
  CHECK(content("fileheader", begin + le32_text(0x10)) == Protection::rights);
  CHECK(content("fileheader", begin) == Protection::none);
  CHECK(content("fileheader", std::string(36, 'x') + le32_text(2)) == Protection::none);
}
