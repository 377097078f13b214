// What the readers of documents share.
#ifndef SMIME_DOCUMENT_H
#define SMIME_DOCUMENT_H

#include "scanner/inspection/inspection.h"
#include "scanner/inspection/window.h"

#include <string_view>

namespace smime {

// A reader that needs a copy of the document.
class Document : public ByteSink {
public:
  Document(Inspection &inspection, const Place &place)
      : inspection_(inspection), place_(place), window_(inspection) {}

  void feed(Bytes bytes) override { window_.feed(bytes); }

protected:
  Inspection &inspection_;
  Place place_;
  Window window_;
};

// A password opens it.
void report_encrypted_document(Inspection &inspection, const Place &place);
// A server of its author's opens it, for whom it likes. It is encrypted, too.
void report_rights_managed(Inspection &inspection, const Place &place);
// Whether this is the reason of one of these two.
bool is_encrypted_document(std::string_view reason);

} // namespace smime

#endif
