#include "plugin/operator/signature-text.h"

#include <algorithm>
#include <vector>

namespace smime {
namespace {

std::string join(const std::vector<std::string> &texts, const char *separator) {
  std::string result;
  for (const std::string &text : texts)
    result += (result.empty() ? "" : separator) + text;
  return result;
}

void add_once(std::vector<std::string> &texts, const std::string &text) {
  if (!text.empty() && std::find(texts.begin(), texts.end(), text) == texts.end())
    texts.push_back(text);
}

} // namespace

bool has_signature(const Report &report) {
  return report.classes.has(MessageClass::signed_) ||
         report.classes.has(MessageClass::opaque_signed) || !report.signers.empty();
}

bool is_verified(const Report &report) {
  return report.signature == SignatureStatus::signed_verified ||
         report.signature == SignatureStatus::encrypted_signed_verified;
}

std::string signers_text(const Report &report) {
  std::vector<std::string> texts;
  for (const Signer &signer : report.signers) {
    std::string addresses = join(signer.email, ", ");
    std::string name = signer.subject.empty() ? "serial " + signer.serial : signer.subject;
    add_once(texts, addresses.empty() ? name : addresses + " (" + name + ")");
  }
  return join(texts, "; ");
}

std::string errors_text(const Report &report) {
  std::vector<std::string> texts;
  for (const ReportError &error : report.signature_errors)
    add_once(texts, error.code + ": " + error.text);
  return join(texts, "; ");
}

std::string remedies_text(const Report &report) {
  std::vector<std::string> texts;
  for (const ReportError &error : report.signature_errors)
    add_once(texts, error.remedy);
  return join(texts, " ");
}

std::string uninspectable_text(const Report &report) {
  std::vector<std::string> texts;
  for (const Uninspectable &part : report.uninspectable) {
    // A file in an archive has no media type.
    std::string what = part.type;
    if (!part.name.empty())
      what += (what.empty() ? "" : ", ") + part.name;
    texts.push_back((part.path.empty() ? "the message" : "part " + part.path) +
                    (what.empty() ? "" : " (" + what + ")") + ": " + part.reason);
  }
  return join(texts, "; ");
}

} // namespace smime
