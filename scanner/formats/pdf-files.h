// The files in a PDF (ISO 32000-2 section 7.11.4): attachments of the document and of pages,
// portfolios, media, and the encrypted payload of an unencrypted wrapper (section 7.6.7).
#ifndef SMIME_PDF_FILES_H
#define SMIME_PDF_FILES_H

#include "scanner/formats/pdf-skim.h"
#include "scanner/inspection/inspection.h"

#include <qpdf/QPDF.hh>
#include <set>
#include <string>

namespace smime {

class PdfFiles {
public:
  PdfFiles(Inspection &inspection, const Place &place, QPDF &pdf)
      : inspection_(inspection), place_(place), pdf_(pdf) {}

  // Hands each file on to detection. bytes: the document. Throws what qpdf throws, and
  // std::length_error where the document has more than is looked at.
  void read(Bytes bytes);

private:
  bool may_have_files(Bytes bytes);
  void check_object_streams(PdfFileKey &key);
  void find_files(QPDFObjectHandle object);
  void look_at_dictionary(QPDFObjectHandle dictionary);
  void read_file(QPDFObjectHandle stream, const std::string &name);

  Inspection &inspection_;
  const Place &place_;
  QPDF &pdf_;
  std::set<QPDFObjGen> done_;
  bool has_payload_ = false;
};

} // namespace smime

#endif
