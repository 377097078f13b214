#include "scanner/formats/package.h"

#include "common/ascii.h"
#include "scanner/formats/document.h"
#include "scanner/formats/office-marks.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <libxml/parser.h>
#include <string>

namespace smime {
namespace {

using namespace std::string_view_literals;

// ODF 1.3 part 2 section 4, OWPML (HWPX), EPUB OCF 3.3 section 4.2.6.
constexpr std::array xml_names{"meta-inf/manifest.xml"sv, "meta-inf/encryption.xml"sv};
// Adobe's, Apple's and Readium's licences.
constexpr std::array rights_names{"meta-inf/rights.xml"sv, "meta-inf/sinf.xml"sv,
                                  "meta-inf/license.lcpl"sv};
// EPUB OCF 3.3 section 4.4, and Adobe's before it.
constexpr std::array obfuscations{"http://www.idpf.org/2008/embedding"sv,
                                  "http://ns.adobe.com/pdf/enc#RC"sv};

template <std::size_t size>
bool is_one_of(const std::array<std::string_view, size> &list, std::string_view word) {
  return std::find(list.begin(), list.end(), word) != list.end();
}

// As programs compare it: in any case, whichever way the slashes lean.
std::string plain_name(std::string_view name) {
  std::string plain = lower(name);
  std::replace(plain.begin(), plain.end(), '\\', '/');
  while (plain.starts_with("./") || plain.starts_with('/'))
    plain.erase(0, plain.find('/') + 1);
  return plain;
}

std::string_view text_of(const xmlChar *begin, const xmlChar *end) {
  return {reinterpret_cast<const char *>(begin), static_cast<std::size_t>(end - begin)};
}

} // namespace

// What libxml2 calls.
struct PackageElements {
  static void begin(void *context, const xmlChar *name, const xmlChar *, const xmlChar *, int,
                    const xmlChar **, int count, int, const xmlChar **attributes) {
    std::string_view algorithm;
    // Each attribute is its name, prefix and namespace, and where its value begins and ends.
    for (int i = 0; i < count; i++) {
      const xmlChar **attribute = attributes + static_cast<std::ptrdiff_t>(5) * i;
      if (std::strcmp(reinterpret_cast<const char *>(attribute[0]), "Algorithm") == 0)
        algorithm = text_of(attribute[3], attribute[4]);
    }
    static_cast<PackageMarks *>(context)->take_element(reinterpret_cast<const char *>(name),
                                                       algorithm);
  }
};

void PackageMarks::take_element(std::string_view name, std::string_view algorithm) {
  if (name == "encryption-data")
    has_encrypted_entry_ = true;
  else if (name == "EncryptedKey")
    has_encrypted_key_ = true;
  else if (name == "EncryptedData")
    encrypted_files_++;
  else if (name == "EncryptionMethod" && is_one_of(obfuscations, algorithm))
    obfuscated_fonts_++;
}

void PackageMarks::begin_file(std::string_view name) {
  end_file();
  std::string plain = plain_name(name);
  std::string_view file = std::string_view(plain).substr(plain.rfind('/') + 1);
  // The verifier (.iwpv, .iwpv2) and the hint (.iwph) of iWork.
  has_password_ = has_password_ || file.starts_with(".iwpv") || file == ".iwph";
  has_rights_ = has_rights_ || is_one_of(rights_names, plain);
  has_iwork_index_ = has_iwork_index_ || file == "index.xml" || file == "index.apxl";
  has_iwork_history_ = has_iwork_history_ || file == "buildversionhistory.plist";
  reads_xml_ = is_one_of(xml_names, plain);
}

void PackageMarks::feed(Bytes bytes) {
  if (!reads_xml_)
    return;
  if (parser_ == nullptr) {
    xmlSAXHandler handler{};
    handler.initialized = XML_SAX2_MAGIC;
    handler.startElementNs = PackageElements::begin;
    parser_ = xmlCreatePushParserCtxt(&handler, this, nullptr, 0, nullptr);
    if (parser_ == nullptr)
      return;
    (void)xmlCtxtUseOptions(parser_, XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
  }
  // libxml2 goes on calling after an error only where it can.
  (void)xmlParseChunk(parser_, reinterpret_cast<const char *>(bytes.data()),
                      static_cast<int>(bytes.size()), 0);
}

void PackageMarks::end_file() {
  reads_xml_ = false;
  if (parser_ == nullptr)
    return;
  (void)xmlParseChunk(parser_, nullptr, 0, 1);
  xmlFreeParserCtxt(parser_);
  parser_ = nullptr;
}

bool PackageMarks::is_encrypted() const {
  return has_rights_ || has_password_ || has_encrypted_entry_ || has_encrypted_key_ ||
         encrypted_files_ > obfuscated_fonts_ ||
         (has_iwork_index_ && has_iwork_history_ && has_unreadable_);
}

void PackageMarks::report(Inspection &inspection, const Place &place) const {
  if (has_rights_)
    report_rights_managed(inspection, place);
  else if (is_encrypted())
    report_encrypted_document(inspection, place);
}

} // namespace smime
