// Documents that a password may protect: PDF (qpdf), legacy Office and Office's
// encrypted packages (libgsf), OpenDocument's manifest (libxml2).
#ifndef SMIME_DOCUMENT_H
#define SMIME_DOCUMENT_H

#include "scanner/inspection/inspection.h"

#include <memory>

struct _xmlParserCtxt; // NOLINT(bugprone-reserved-identifier): libxml2's name

namespace smime {

std::unique_ptr<ByteSink> make_pdf_reader(Inspection &inspection, const Place &place);
std::unique_ptr<ByteSink> make_compound_file_reader(Inspection &inspection, const Place &place);

// Reads META-INF/manifest.xml (ODF 1.3 part 2 section 4).
class OdfManifest {
public:
  OdfManifest() = default;
  ~OdfManifest();
  OdfManifest(const OdfManifest &) = delete;
  OdfManifest &operator=(const OdfManifest &) = delete;

  void feed(Bytes bytes);
  // It has an encryption-data element.
  bool says_encrypted();

private:
  _xmlParserCtxt *parser_ = nullptr;
  bool encrypted_ = false;
};

void report_encrypted_document(Inspection &inspection, const Place &place);

} // namespace smime

#endif
