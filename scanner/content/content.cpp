#include "scanner/content/content.h"

#include "scanner/content/layer.h"
#include "scanner/content/text.h"
#include "scanner/formats/archive.h"
#include "scanner/formats/detect.h"
#include "scanner/formats/document.h"
#include "scanner/layers/cms.h"

#include <algorithm>
#include <utility>

namespace smime {

Content::Content(Inspection &inspection, Place place)
    : inspection_(inspection), place_(std::move(place)) {}

std::unique_ptr<ContentReader> make_content_reader(Inspection &inspection, Place place) {
  return std::make_unique<Content>(inspection, std::move(place));
}

// Text is known by little, and most mail is text.
std::size_t Content::wanted_prefix() const {
  return place_.is_text && !place_.has_mail_name() ? max_sniff_prefix : max_type_prefix;
}

void Content::feed(Bytes bytes) {
  if (!decided_) {
    // What begins behind a bound is not opened.
    if (inspection_.stopped())
      return;
    std::size_t missing = wanted_prefix() - std::min(wanted_prefix(), prefix_.size());
    Bytes taken = bytes.first(std::min(missing, bytes.size()));
    prefix_.insert(prefix_.end(), taken.begin(), taken.end());
    bytes = bytes.subspan(taken.size());
    if (prefix_.size() < wanted_prefix())
      return;
    decide();
  }
  (void)inspection_.in_time(place_);
  // A reader that has begun knows what it leaves out behind a bound.
  if (reader_ != nullptr && !bytes.empty())
    reader_->feed(bytes);
}

void Content::decide() {
  decided_ = true;
  reader_ = choose();
  if (reader_ != nullptr)
    reader_->feed(prefix_);
  prefix_ = {};
}

std::unique_ptr<ByteSink> Content::known(std::unique_ptr<ByteSink> reader) {
  outcome_.is_known = true;
  return reader;
}

std::unique_ptr<ByteSink> Content::choose() {
  if (prefix_.empty() && !place_.has_cms_label)
    return nullptr;
  if (looks_like_cms(prefix_) || (place_.has_cms_label && !prefix_.empty() && prefix_[0] == 0x30))
    return known(std::make_unique<CmsLayer>(inspection_, place_, outcome_));
  // A message that is attached as a file: readers open it by its name.
  // It is not what they show of the message, and has a sender of its own.
  if ((!place_.is_text || place_.has_mail_name()) && looks_like_mail(prefix_)) {
    Place attached = place_;
    attached.cover.whole = false;
    return known(std::make_unique<LayerContent>(inspection_, std::move(attached), false));
  }
  outcome_.is_text = looks_like_text(prefix_) && !has_pdf_header(prefix_, place_.is_text);
  if (outcome_.is_text)
    return std::make_unique<TextContent>(inspection_, place_, outcome_);
  if (place_.has_cms_label)
    report_not_cms(inspection_, place_);
  if (looks_like_pgp(prefix_)) {
    outcome_.is_known = true;
    report_pgp_message(inspection_, place_, outcome_);
    return nullptr;
  }
  if (inspection_.tools().detector == nullptr)
    return nullptr;
  Detected detected = inspection_.tools().detector->detect(prefix_);
  outcome_.is_known = !detected.type.empty() || detected.kind != Kind::other;
  if (!detected.type.empty())
    place_.type = detected.type;
  switch (detected.kind) {
  case Kind::archive:
  case Kind::compressed: return std::make_unique<ArchiveContent>(inspection_, place_, detected);
  case Kind::pdf: return make_pdf_reader(inspection_, place_);
  case Kind::compound_file: return make_compound_file_reader(inspection_, place_);
  case Kind::unsupported_archive:
    inspection_.add_uninspectable(place_, "unsupported-archive");
    return nullptr;
  case Kind::other: break;
  }
  return nullptr;
}

void Content::finish() {
  if (!decided_ && !inspection_.stopped())
    decide();
  if (reader_ != nullptr)
    reader_->finish();
}

} // namespace smime
