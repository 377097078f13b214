#include "scanner/content/leaf.h"

#include <algorithm>
#include <utility>

namespace smime {
namespace {

// Fewer bytes hold nothing: checksums, line ends, padding.
constexpr std::size_t least_behind = 32;

bool is_padding(unsigned char byte) {
  return byte == 0 || byte == '\r' || byte == '\n' || byte == ' ';
}

} // namespace

LeafContent::LeafContent(Inspection &inspection, Place place, std::unique_ptr<FileEnd> end)
    : inspection_(inspection), place_(std::move(place)), end_(std::move(end)),
      embedded_(inspection, place_, EmbeddedArchives::Of::piece) {}

LeafContent::~LeafContent() {
  if (entered_)
    inspection_.leave_layer();
}

void LeafContent::feed(Bytes bytes) {
  bool was_behind = end_->ended();
  Bytes rest = was_behind ? bytes : end_->feed(bytes);
  embedded_.feed(bytes.first(bytes.size() - rest.size()));
  if (!was_behind && end_->ended())
    feed_behind(end_->refused());
  if (end_->ended())
    feed_behind(rest);
}

void LeafContent::feed_behind(Bytes bytes) {
  if (behind_ != nullptr)
    return behind_->feed(bytes);
  if (held_.empty()) {
    auto first = std::find_if_not(bytes.begin(), bytes.end(), is_padding);
    bytes = bytes.subspan(static_cast<std::size_t>(first - bytes.begin()));
  }
  held_.insert(held_.end(), bytes.begin(), bytes.end());
  if (held_.size() >= least_behind)
    begin_behind();
}

void LeafContent::begin_behind() {
  Place behind = place_;
  behind.type.clear();
  behind.name += "/behind its end";
  behind.is_text = false;
  // A chain of files, each behind the other, is bounded as files in files are.
  entered_ = true;
  bool may_go_on = inspection_.enter_layer(behind) && inspection_.count_part(behind);
  behind_ = make_content_reader(inspection_, std::move(behind));
  std::vector<unsigned char> held = std::exchange(held_, {});
  if (may_go_on)
    behind_->feed(held);
}

void LeafContent::finish() {
  embedded_.finish();
  if (behind_ != nullptr)
    behind_->finish();
}

} // namespace smime
