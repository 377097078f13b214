// What the files of a zip archive say of it as a document.
#include "scanner/formats/package.h"
#include "tests/unit/scanner/formats/reader-tools.h"

#include <utility>
#include <vector>

#include "tests/unit/data.h" // and CppUTest, which redefines new

using namespace smime;

namespace {

using Files = std::vector<std::pair<std::string, std::string>>;

std::string encryption(std::string_view elements) {
  return "<encryption xmlns='a' xmlns:e='b'>" + std::string(elements) + "</encryption>";
}

std::string encrypted_by(std::string_view algorithm) {
  return "<e:EncryptedData><e:EncryptionMethod Algorithm='" + std::string(algorithm) +
         "'/></e:EncryptedData>";
}

const std::string idpf = encrypted_by("http://www.idpf.org/2008/embedding");
const std::string adobe = encrypted_by("http://ns.adobe.com/pdf/enc#RC");
const std::string aes = encrypted_by("http://www.w3.org/2001/04/xmlenc#aes128-cbc");

} // namespace

TEST_GROUP(Package){
    // The reason, or nothing.
    static std::string reason(const Files &files, std::size_t piece = 3){Limits limits;
Inspection inspection(limits, test_tools());
PackageMarks marks;
for (const auto &[name, content] : files) {
  marks.begin_file(name);
  for (std::size_t at = 0; at < content.size(); at += piece)
    marks.feed(as_octets(std::string_view(content).substr(at, piece)));
  marks.end_file();
}
marks.report(inspection, {});
Report report = inspection.finish(1);
CHECK(report.uninspectable.empty() != report.classes.has(MessageClass::encrypted_document));
return report.uninspectable.empty() ? "" : report.uninspectable.front().reason;
}
}
;

TEST(Package, Manifest) {
  std::string locked = "<m:manifest xmlns:m='a'><m:file-entry><m:encryption-data/></m:file-entry>"
                       "</m:manifest>";
  for (const char *name :
       {"META-INF/manifest.xml", "meta-inf\\MANIFEST.xml", "./META-INF/manifest.xml"})
    STRCMP_EQUAL("encrypted-document", reason({{name, locked}}).c_str());
  STRCMP_EQUAL("", reason({{"other/META-INF/manifest.xml", locked}}).c_str());
  STRCMP_EQUAL("", reason({{"META-INF/manifest.xml", "<m:manifest xmlns:m='a'/>"}}).c_str());
  STRCMP_EQUAL("", reason({{"META-INF/manifest.xml", "no XML <"}}).c_str());
  STRCMP_EQUAL("encrypted-document",
               reason({{"META-INF/manifest.xml", ""}, {"META-INF/manifest.xml", locked}}).c_str());
}

TEST(Package, FontsOfAnEpubAreObfuscatedAndNotEncrypted) {
  const char *name = "META-INF/encryption.xml";
  STRCMP_EQUAL("", reason({{name, encryption(idpf + adobe)}}).c_str());
  STRCMP_EQUAL("encrypted-document", reason({{name, encryption(idpf + aes)}}).c_str());
  STRCMP_EQUAL("encrypted-document", reason({{name, encryption(aes)}}, 1000).c_str());
  STRCMP_EQUAL("encrypted-document", reason({{name, encryption("<e:EncryptedData/>")}}).c_str());
  STRCMP_EQUAL("encrypted-document", reason({{name, encryption("<e:EncryptedKey/>")}}).c_str());
  STRCMP_EQUAL("", reason({{name, encryption("")}}).c_str());
}

TEST(Package, Rights) {
  for (const char *name : {"META-INF/rights.xml", "META-INF/sinf.xml", "META-INF/license.lcpl"})
    STRCMP_EQUAL("rights-managed", reason({{name, "<rights/>"}}).c_str());
}

TEST(Package, PagesOf2009) {
  for (bool has_history : {true, false}) {
    for (bool is_unreadable : {true, false}) {
      PackageMarks marks;
      marks.begin_file("index.xml");
      if (is_unreadable)
        marks.note_unreadable();
      marks.begin_file(has_history ? "buildVersionHistory.plist" : "other.plist");
      CHECK((has_history && is_unreadable) == marks.is_encrypted());
    }
  }
}

TEST(Package, PasswordsOfPagesNumbersAndKeynote) {
  for (const char *name : {".iwpv2", ".iwph", "plan.pages/.iwpv2", ".iwpv"})
    STRCMP_EQUAL("encrypted-document", reason({{name, "x"}}).c_str());
  for (const char *name : {"a.iwpv2", "Index/Document.iwa", "iwph"})
    STRCMP_EQUAL("", reason({{name, "x"}}).c_str());
}
