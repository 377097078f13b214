// PDF, by qpdf: whether a password protects it, and the files in it.
#ifndef SMIME_PDF_H
#define SMIME_PDF_H

#include "scanner/inspection/inspection.h"

#include <memory>

namespace smime {

// Whether what cannot be read as a PDF is reported: not where it may be something else, too.
enum class PdfEvidence : unsigned char { sure, header_alone };

std::unique_ptr<ByteSink> make_pdf_reader(Inspection &inspection, const Place &place,
                                          PdfEvidence evidence = PdfEvidence::sure);

} // namespace smime

#endif
