#include "scanner/formats/document.h"

#include <string>

namespace smime {
namespace {

constexpr std::string_view password_reason = "encrypted-document";
constexpr std::string_view rights_reason = "rights-managed";

} // namespace

void report_encrypted_document(Inspection &inspection, const Place &place) {
  inspection.add_class(MessageClass::encrypted_document);
  inspection.add_uninspectable(place, std::string(password_reason));
}

void report_rights_managed(Inspection &inspection, const Place &place) {
  inspection.add_class(MessageClass::encrypted_document);
  inspection.add_uninspectable(place, std::string(rights_reason));
}

bool is_encrypted_document(std::string_view reason) {
  return reason == password_reason || reason == rights_reason;
}

} // namespace smime
