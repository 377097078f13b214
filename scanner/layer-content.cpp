#include "layer-content.h"

#include "detect.h"
#include "walk.h"

#include <utility>

namespace smime {
LayerContent::LayerContent(Inspection &inspection, Place place)
    : inspection_(inspection), place_(std::move(place)) {
  if (inspection_.enter_layer(place_) && inspection_.tools().engine != nullptr)
    engine_ = inspection_.tools().engine->begin();
}

LayerContent::~LayerContent() { inspection_.leave_layer(); }

void LayerContent::feed(Bytes bytes) {
  if (!inspection_.count_expanded(place_, bytes.size()) || !inspection_.in_time(place_))
    return;
  if (engine_ != nullptr)
    engine_->feed(bytes);
  if (!decided_) {
    prefix_.insert(prefix_.end(), bytes.begin(), bytes.end());
    if (prefix_.size() >= max_type_prefix)
      decide();
    return;
  }
  reader_->feed(bytes);
}

void LayerContent::decide() {
  decided_ = true;
  if (looks_like_entity(prefix_)) {
    reader_ = make_layer_walk(inspection_, place_.path + "/", place_.in_archive);
  } else {
    Place inside{place_.path + "/1", {}, {}, {}, false, false, place_.in_archive};
    reader_ = std::make_unique<Content>(inspection_, std::move(inside));
  }
  reader_->feed(prefix_);
  prefix_ = {};
}

void LayerContent::finish() {
  if (!inspection_.stopped()) {
    if (!decided_)
      decide();
    reader_->finish();
  }
  if (engine_ != nullptr)
    inspection_.add_verdict(place_, engine_->finish());
}

} // namespace smime
