#include "scanner/layers/cms.h"

#include "common/mime-labels.h"
#include "scanner/base/scan-limits.h"
#include "scanner/formats/detect.h"
#include "scanner/inspection/signed-layer.h"
#include "scanner/layers/inflate.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <strings.h>
#include <utility>

namespace smime {
namespace {

// RFC 8551 section 3.2.2: what the parameter may say of what the object is.
struct TypeLabel {
  std::string_view smime_type;
  CmsType type;
};
constexpr std::array<TypeLabel, 6> type_labels{{
    {"enveloped-data", CmsType::enveloped_data},
    {"authenveloped-data", CmsType::auth_enveloped_data},
    {"enveloped-data", CmsType::signed_and_enveloped_data},
    {"signed-data", CmsType::signed_data},
    {"certs-only", CmsType::signed_data},
    {"compressed-data", CmsType::compressed_data},
}};

std::string joined(const std::vector<std::string> &words) {
  std::string text;
  for (const std::string &word : words)
    text += (text.empty() ? "" : ", ") + word;
  return text;
}

bool says_encrypted(const Place &place) {
  return place.smime_type == "enveloped-data" || place.smime_type == "authenveloped-data";
}

// Whether readers open it in place of what it is in (RFC 8551 section 3.2.1);
// content of another layer may come without a label.
bool is_opened_as_mail(const Place &place) {
  return place.type.empty() || is_cms_type(place.type) ||
         (place.type == "application/octet-stream" && place.has_cms_label);
}

} // namespace

CmsLayer::CmsLayer(Inspection &inspection, Place place, ContentOutcome &outcome)
    : inspection_(inspection), place_(std::move(place)), outcome_(outcome), stream_(*this),
      is_beside_others_(!place_.cover.whole && !place_.is_text) {}

// A document that somebody signed (an invoice, a contract) is a file in the message, and nobody
// signs the message with it: by its name, or because what is signed is no MIME entity.
bool CmsLayer::is_signed_file() const {
  if (!is_beside_others_)
    return false;
  bool is_mail_name = strncasecmp(place_.name.c_str(), "smime.", 6) == 0;
  return (is_cms_name(place_.name) && !is_mail_name) || !looks_like_entity(beginning_);
}

void CmsLayer::note_layer(const std::string &type) {
  outcome_.is_protected = true;
  if (!place_.in_archive)
    inspection_.add_layer({place_.path, type, {}, place_.smime_type});
}

// What is shown as its label says is shown with all that is around the object.
void CmsLayer::check_cover(const CmsHead &head) {
  if (!place_.cover.whole || is_opened_as_mail(place_))
    return;
  place_.cover.whole = false;
  inspection_.signatures().errors.push_back({"type-mismatch", place_.path,
                                             "The part is labelled " + place_.type + " and is " +
                                                 std::string(name_of(head.type)) +
                                                 ": readers show it as its label says.",
                                             "The sender's software labels its mail wrongly."});
}

void CmsLayer::content_begins(const CmsHead &head) {
  check_cover(head);
  note_layer(head.type == CmsType::signed_data ? "opaque-signed" : std::string(name_of(head.type)));
  // A content type that is encrypted in turn without a ContentInfo around it.
  if (!is_encrypted_type(head.type) && head.type != CmsType::compressed_data &&
      is_encrypted_type(cms_type_of(head.content_type))) {
    inspection_.add_class(MessageClass::encrypted);
    inspection_.add_uninspectable(place_, "smime-encrypted");
  }
  // What begins behind a bound is not opened.
  if (inspection_.stopped())
    return;
  Place around = place_;
  if (head.type == CmsType::signed_data) {
    around.cover.signed_around = around.cover.whole;
    if (inspection_.tools().verifier != nullptr && !place_.in_archive && !stream_.is_foreign())
      digests_ = ContentDigests::for_signed_data(head.before);
  } else if (is_encrypted_type(head.type)) {
    ContentKeys *keys = inspection_.tools().keys;
    if (keys != nullptr)
      sealed_ = SealedContent::create(inspection_, place_, *keys, head);
    return;
  }
  std::unique_ptr<ByteSink> inside = make_layer_reader(inspection_, around, false);
  if (head.type == CmsType::compressed_data) {
    inside_ = make_inflater(inspection_, place_, head.algorithm, std::move(inside));
    if (inside_ == nullptr)
      inspection_.add_uninspectable(place_, "unsupported-compression");
  } else {
    inside_ = std::move(inside);
  }
}

void CmsLayer::content(Bytes bytes) {
  if (beginning_.size() < max_type_prefix) {
    Bytes taken = bytes.first(std::min(bytes.size(), max_type_prefix - beginning_.size()));
    beginning_.insert(beginning_.end(), taken.begin(), taken.end());
  }
  if (digests_ && !inspection_.stopped())
    digests_->update(bytes);
  (void)inspection_.in_time(place_);
  if (sealed_ != nullptr)
    sealed_->add(bytes);
  else if (inside_ != nullptr)
    inside_->feed(bytes);
}

void CmsLayer::content_ends() {
  if (inside_ != nullptr)
    inside_->finish();
  inside_.reset();
}

// Of a part of it, or of an object that is damaged, nothing is looked at.
void CmsLayer::open_sealed() {
  auto sealed = std::move(sealed_);
  if (sealed == nullptr || !stream_.whole() || inspection_.stopped())
    return;
  Place around = place_;
  around.cover.signed_around = false;
  around.cover.encrypted++;
  opened_ = sealed->open(stream_.after(), [&](bool is_authenticated) {
    return make_layer_reader(inspection_, std::move(around), is_authenticated);
  });
}

void CmsLayer::finish() {
  stream_.finish();
  open_sealed();
  CmsFacts facts = cms_facts(stream_);
  if (facts.type == CmsType::none) {
    report_not_cms(inspection_, place_);
    return;
  }
  if (facts.type == CmsType::other) {
    report_unknown_type();
    return;
  }
  if (is_encrypted_type(facts.type) && !stream_.has_content())
    note_layer(std::string(name_of(facts.type)));
  classify(facts);
  check_label(facts);
  if (facts.type == CmsType::signed_data && facts.has_content && digests_ &&
      !inspection_.stopped() && !is_signed_file())
    verify(facts);
  if (stream_.has_more_behind()) {
    inspection_.add_malformed("bytes-behind", place_.path,
                              "Something stands behind the CMS object, which readers may show.");
    inspection_.add_uninspectable(place_, "malformed");
  }
  if (stream_.over_limit()) {
    inspection_.add_malformed("limit-exceeded", place_.path,
                              "The CMS object has more recipients, certificates or signers "
                              "than are looked at.");
    inspection_.add_uninspectable(place_, "limit-exceeded");
  } else if (!facts.parsed && !(stream_.is_foreign() && stream_.whole())) {
    inspection_.add_malformed("damaged-cms", place_.path,
                              "The CMS object begins well but is damaged.");
    if (!is_encrypted_type(facts.type))
      inspection_.add_uninspectable(place_, "malformed");
  }
  outcome_.cms = std::move(facts);
}

// A ContentInfo of a type that nobody here knows may be encrypted as well as anything else.
void CmsLayer::report_unknown_type() {
  outcome_.is_protected = true;
  inspection_.add_uninspectable(place_, "unsupported-cms");
  if (says_encrypted(place_))
    inspection_.add_class(MessageClass::encrypted);
}

void CmsLayer::verify(const CmsFacts &facts) {
  verify_layer(inspection_, {place_.path, place_.cover, facts.object.get(), &*digests_, ""});
}

void CmsLayer::classify(const CmsFacts &facts) {
  switch (facts.type) {
  case CmsType::signed_data: classify_signed(facts); break;
  case CmsType::enveloped_data:
  case CmsType::auth_enveloped_data:
  case CmsType::encrypted_data:
  case CmsType::signed_and_enveloped_data:
    inspection_.add_class(MessageClass::encrypted);
    note_encryption(facts);
    if (!place_.in_archive)
      note_signature_outside(inspection_, place_);
    if (!opened_)
      inspection_.add_uninspectable(place_, "smime-encrypted");
    break;
  case CmsType::compressed_data:
    if (!place_.in_archive)
      inspection_.add_class(MessageClass::compressed);
    break;
  case CmsType::data:
  case CmsType::digested_data:
  case CmsType::authenticated_data:
  case CmsType::none:
  case CmsType::other: break;
  }
}

void CmsLayer::classify_signed(const CmsFacts &facts) {
  if (facts.strength == Strength::weak)
    inspection_.note_weak(place_.path, joined(facts.weaknesses));
  else if (facts.strength == Strength::strong)
    inspection_.note_strong();
  if (place_.in_archive)
    return;
  if (facts.has_content) {
    if (is_signed_file())
      inspection_.add_signed_file();
    else
      inspection_.add_class(MessageClass::opaque_signed);
    return;
  }
  // Without content it is the signature of a multipart/signed, which that one
  // speaks of, or a bag of certificates (RFC 8551 section 3.8).
  if (facts.parsed && !facts.has_signers) {
    inspection_.add_class(MessageClass::certs_only);
    note_layer("certs-only");
  }
}

void CmsLayer::note_encryption(const CmsFacts &facts) {
  Report &report = inspection_.report();
  if (report.content_encryption.empty()) {
    report.content_encryption = facts.algorithm;
    report.authenticated = facts.authenticated;
  }
  for (const Recipient &recipient : facts.recipients) {
    if (report.recipients.size() < Report::max_list)
      report.recipients.push_back(recipient);
  }
  report.recipient_count += facts.recipient_count;
  if (facts.strength == Strength::weak)
    inspection_.note_weak(place_.path, joined(facts.weaknesses));
  else if (facts.strength == Strength::strong)
    inspection_.note_strong();
}

void CmsLayer::check_label(const CmsFacts &facts) {
  if (place_.smime_type.empty())
    return;
  bool fits = false;
  for (const TypeLabel &label : type_labels)
    fits = fits || (label.smime_type == place_.smime_type && label.type == facts.type);
  if (facts.type == CmsType::signed_data && facts.parsed)
    fits = fits && (place_.smime_type == "certs-only") == !facts.has_signers;
  if (!fits)
    inspection_.add_error("smime-type-mismatch", place_.path,
                          "The part is labelled smime-type=" + place_.smime_type + " and is " +
                              std::string(name_of(facts.type)) + ".");
}

void report_not_cms(Inspection &inspection, const Place &place) {
  inspection.add_malformed("not-cms", place.path,
                           "The part is labelled " + place.type +
                               " but its content is no CMS object.");
  inspection.add_uninspectable(place, "malformed");
  // A reader may still make sense of it: nothing that says it is encrypted may
  // pass for something else because it is damaged.
  if (says_encrypted(place))
    inspection.add_class(MessageClass::encrypted);
}

} // namespace smime
