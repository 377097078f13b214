#include "content.h"

#include "archive.h"
#include "cms-layer.h"
#include "detect.h"
#include "document.h"
#include "layer-content.h"
#include "text-content.h"

#include <algorithm>
#include <utility>

namespace smime {

Content::Content(Inspection &inspection, Place place)
    : inspection_(inspection), place_(std::move(place)) {}

// Text is known by little, and most mail is text.
std::size_t Content::wanted_prefix() const {
  return place_.is_text && !place_.has_mail_name() ? max_sniff_prefix : max_type_prefix;
}

void Content::feed(Bytes bytes) {
  if (inspection_.stopped())
    return;
  if (!decided_) {
    std::size_t missing = wanted_prefix() - std::min(wanted_prefix(), prefix_.size());
    Bytes taken = bytes.first(std::min(missing, bytes.size()));
    prefix_.insert(prefix_.end(), taken.begin(), taken.end());
    bytes = bytes.subspan(taken.size());
    if (prefix_.size() < wanted_prefix())
      return;
    decide();
  }
  if (reader_ != nullptr && !bytes.empty() && inspection_.in_time(place_))
    reader_->feed(bytes);
}

void Content::decide() {
  decided_ = true;
  reader_ = choose();
  if (reader_ != nullptr)
    reader_->feed(prefix_);
  prefix_ = {};
}

std::unique_ptr<ByteSink> Content::choose() {
  if (prefix_.empty() && !place_.has_cms_label)
    return nullptr;
  if (looks_like_cms(prefix_) || (place_.has_cms_label && !prefix_.empty() && prefix_[0] == 0x30))
    return std::make_unique<CmsLayer>(inspection_, place_, outcome_);
  // A message that is attached as a file: readers open it by its name.
  // It is not what they show of the message, and has a sender of its own.
  if ((!place_.is_text || place_.has_mail_name()) && looks_like_mail(prefix_)) {
    Place attached = place_;
    attached.cover.whole = false;
    return std::make_unique<LayerContent>(inspection_, std::move(attached), false);
  }
  if (looks_like_text(prefix_) && !has_pdf_header(prefix_, place_.is_text))
    return std::make_unique<TextContent>(inspection_, place_, outcome_);
  if (place_.has_cms_label)
    report_not_cms(inspection_, place_);
  if (looks_like_pgp(prefix_)) {
    report_pgp_message(inspection_, place_, outcome_);
    return nullptr;
  }
  if (inspection_.tools().detector == nullptr)
    return nullptr;
  Detected detected = inspection_.tools().detector->detect(prefix_);
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
  if (inspection_.stopped())
    return;
  if (!decided_)
    decide();
  if (reader_ != nullptr)
    reader_->finish();
}

} // namespace smime
