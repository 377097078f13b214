#include "scanner/content/layer.h"

#include "common/ascii.h"
#include "scanner/formats/detect.h"
#include "scanner/mime/walk.h"

#include <string_view>
#include <utility>

namespace smime {

namespace {

void report_odd_plaintext(Inspection &inspection, const Place &place) {
  inspection.add_malformed("odd-plaintext", place.path,
                           "What escrow_key opens is not a whole MIME entity; other recipients "
                           "may see something else.");
  inspection.add_uninspectable(place, "malformed");
}

} // namespace

LayerContent::LayerContent(Inspection &inspection, Place place, bool decrypted)
    : inspection_(inspection), place_(std::move(place)), decrypted_(decrypted) {
  if (inspection_.enter_layer(place_) && inspection_.tools().engine != nullptr)
    engine_ = inspection_.tools().engine->begin();
}

std::unique_ptr<ByteSink> make_layer_reader(Inspection &inspection, Place place, bool decrypted) {
  return std::make_unique<LayerContent>(inspection, std::move(place), decrypted);
}

LayerContent::~LayerContent() { inspection_.leave_layer(); }

void LayerContent::feed(Bytes bytes) {
  bool goes_on = inspection_.count_expanded(place_, bytes.size()) && inspection_.in_time(place_);
  look_for_labels(bytes);
  if (!goes_on)
    return;
  if (decided_ && engine_ != nullptr)
    engine_->feed(bytes);
  if (!decided_) {
    prefix_.insert(prefix_.end(), bytes.begin(), bytes.end());
    if (prefix_.size() >= max_type_prefix)
      decide();
    return;
  }
  reader_->feed(bytes);
  if (text_ != nullptr)
    text_->feed(bytes);
}

// What was encrypted is encrypted, whatever is inside. In readings of readings it would cost as
// much again each time, and the bytes around them are read for their labels.
void LayerContent::look_for_labels(Bytes bytes) {
  if (!decrypted_ && place_.cover.encrypted == 0 && inspection_.readings() <= 1)
    labels_.feed(bytes, inspection_.wants_labels());
}

void LayerContent::decide() {
  decided_ = true;
  bool is_entity = is_mail_ || looks_like_entity(prefix_);
  if (engine_ != nullptr) {
    // An engine takes for a mail what begins like one; "Content-Type:" is not
    // enough for clamd.
    static constexpr std::string_view mail_field = "MIME-Version: 1.0\r\n";
    if (is_entity)
      engine_->feed(as_bytes(mail_field));
    engine_->feed(prefix_);
  }
  if (decrypted_ && !is_entity && !looks_like_cms(prefix_))
    report_odd_plaintext(inspection_, place_);
  if (is_entity) {
    reader_ = make_layer_walk(inspection_, place_.path + "/", place_.in_archive, place_.cover);
    // A file may have a first line that looks like a header: then it is read as the text that
    // its reader sees as well.
    if (!decrypted_ && !place_.cover.whole && !place_.has_mail_name()) {
      Place inside;
      inside.path = place_.path + "/1";
      inside.type = "text/plain";
      inside.is_text = inside.in_archive = inside.is_guess = true;
      text_ = make_content_reader(inspection_, std::move(inside));
      text_->feed(prefix_);
    }
  } else {
    Place inside;
    inside.path = place_.path + "/1";
    inside.in_archive = place_.in_archive;
    inside.cover = place_.cover;
    reader_ = make_content_reader(inspection_, std::move(inside));
  }
  reader_->feed(prefix_);
  prefix_ = {};
}

void LayerContent::finish() {
  if (!inspection_.stopped()) {
    if (!decided_)
      decide();
    reader_->finish();
    if (text_ != nullptr)
      text_->finish();
  }
  inspection_.add_labels(place_, labels_.finish(inspection_.wants_labels()));
  if (engine_ != nullptr)
    inspection_.add_verdict(place_, engine_->finish());
}

} // namespace smime
