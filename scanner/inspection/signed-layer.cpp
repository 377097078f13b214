#include "scanner/inspection/signed-layer.h"

#include <algorithm>
#include <openssl/cms.h>
#include <openssl/err.h>
#include <utility>

namespace smime {

void verify_layer(Inspection &inspection, PassedLayer layer) {
  LayerSignature result{layer.path, layer.cover, {}, std::move(layer.errors)};
  auto add = [&](const char *code, const char *text, const char *remedy) {
    result.errors.push_back({code, layer.path, text, remedy});
  };
  if (layer.object == nullptr) {
    add("damaged-signature", "The signature is missing or damaged and cannot be read.",
        "Look for what changes mail between the sender and here.");
    inspection.add_signature(std::move(result));
    return;
  }
  const SignatureFindings &findings = inspection.signatures();
  // What is inside of something else has a sender of its own.
  bool from_sender = layer.cover.whole && !findings.senders.from.empty();
  SignedLayer question{layer.object, layer.digests, layer.path,
                       from_sender ? domain_of(findings.senders.from.front()) : "", layer.place};
  bool more = false;
  result.signers = check_signers(question, *inspection.tools().verifier, more);
  if (result.signers.empty())
    add("no-signer", "The signature has no signer.", "Treat the message as not signed.");
  if (more)
    add("too-many-signers", "The signature has more signers than are looked at.",
        "Look at the message's source.");
  if (!is_plain_data(layer.object))
    add("content-type-not-data", "What is signed is no mail but another type of content.",
        "Look at the message's source; it may be a receipt or a time stamp.");
  inspection.add_signature(std::move(result));
}

void note_signature_outside(Inspection &inspection, const Place &place) {
  if (inspection.tools().verifier == nullptr || !place.cover.whole || !place.cover.signed_around)
    return;
  SignatureFindings &findings = inspection.signatures();
  findings.outside_level = findings.outside_encryption
                               ? std::max(findings.outside_level, place.cover.encrypted)
                               : place.cover.encrypted;
  findings.outside_encryption = true;
  findings.errors.push_back(
      {"signature-outside-encryption", place.path,
       "The signature is around the encryption: whoever made it need not know what is inside, "
       "and says nothing of it.",
       "Ask the sender to sign first and to encrypt then."});
}

} // namespace smime
