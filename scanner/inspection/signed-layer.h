// Hands a signed layer that has passed to verification, and what that finds to
// the inspection.
#ifndef SMIME_SIGNED_LAYER_H
#define SMIME_SIGNED_LAYER_H

#include "scanner/cms/content-digests.h"
#include "scanner/inspection/inspection.h"

#include <string>
#include <vector>

namespace smime {

struct PassedLayer {
  std::string path;
  Cover cover;
  // Null if it could not be parsed.
  CMS_ContentInfo *object = nullptr;
  ContentDigests *digests = nullptr;
  // As in SignedLayer.
  std::string place;
  // What was seen to be wrong already.
  std::vector<ReportError> errors = {};
};

// Only with a verifier among the tools.
void verify_layer(Inspection &inspection, PassedLayer layer);

// An encrypted layer: a signature that is around it does not know what is in it
// (RFC 9787 section 5.2).
void note_signature_outside(Inspection &inspection, const Place &place);

} // namespace smime

#endif
