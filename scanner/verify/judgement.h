// From the signatures of all layers to the message's status (RFC 9219): verified
// is said only of what the reader sees as a whole, by signers that the message
// is from.
#ifndef SMIME_JUDGEMENT_H
#define SMIME_JUDGEMENT_H

#include "common/report.h"
#include "scanner/verify/senders.h"
#include "scanner/verify/verify.h"

#include <cstdint>
#include <string_view>
#include <vector>

namespace smime {

// How a piece of content relates to what the reader sees.
struct Cover {
  // It is all that the reader sees of the message's body.
  bool whole = false;
  // A signature of the same encryption level is around it.
  bool signed_around = false;
  // How many opened encryption layers are around it.
  unsigned encrypted = 0;
};

// One SignedData of the message with what was found out about it.
struct LayerSignature {
  std::string path;
  Cover cover;
  std::vector<SignerCheck> signers;
  // About the layer as such.
  std::vector<ReportError> errors;
};

// What is known of all signatures when the message has ended.
struct SignatureFindings {
  std::vector<LayerSignature> layers;
  Senders senders;
  // From and Sender fields of the protected header (RFC 9788), if it has any.
  bool has_protected_from = false;
  Senders protected_senders;
  // A signature that is around an encrypted layer, at this level of encryption
  // (Cover::encrypted) and at those outside it.
  bool outside_encryption = false;
  unsigned outside_level = 0;
  // About the message as such.
  std::vector<ReportError> errors;

  // As many signed layers as are looked at in one message.
  static constexpr std::size_t max_layers = 16;
};

// What a code does to the status.
enum class Weight : std::uint8_t {
  note,       // nothing
  unverified, // it is not verified
  failed,     // it failed
  broken,     // it failed, trust store or not: the mathematics do not hold
};
// An unknown code weighs as failed.
Weight weight_of(std::string_view code, const TrustConfig &config);

// Fills in status, signers and signature errors of a report whose classes and
// errors are complete.
void judge(SignatureFindings findings, const Verifier &verifier, Report &report);

} // namespace smime

#endif
