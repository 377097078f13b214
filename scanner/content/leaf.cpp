#include "scanner/content/leaf.h"

#include "scanner/base/padding.h"
#include "scanner/formats/detect.h"
#include "scanner/openpgp/packets.h"

#include <algorithm>
#include <utility>

namespace smime {
namespace {

// Office for Macintosh fills up pictures in its documents to whole blocks, with what happens to
// stand in memory.
constexpr std::size_t slack_block = 1024;
constexpr std::size_t most_slack = 16 * slack_block;

// More of them no kind of file begins with.
constexpr std::size_t most_zeros = 8;

} // namespace

LeafContent::LeafContent(Inspection &inspection, Place place, std::unique_ptr<FileEnd> end)
    : inspection_(inspection), place_(std::move(place)), end_(std::move(end)),
      embedded_(inspection, place_, EmbeddedArchives::Of::piece) {}

LeafContent::~LeafContent() {
  if (entered_)
    inspection_.leave_layer();
}

void LeafContent::feed(Bytes bytes) {
  size_ += bytes.size();
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
    auto zeros = std::find_if_not(bytes.begin(), first, [](unsigned char c) { return c == 0; });
    zeros_ = zeros == first ? zeros_ + static_cast<std::size_t>(first - bytes.begin()) : 0;
    bytes = bytes.subspan(static_cast<std::size_t>(first - bytes.begin()));
  }
  held_.insert(held_.end(), bytes.begin(), bytes.end());
  if (held_.size() >= held_at_most())
    begin_behind();
}

std::size_t LeafContent::held_at_most() const {
  return place_.in_archive ? most_slack : least_behind;
}

// Nothing that is known begins there.
bool LeafContent::is_slack() const {
  const Detector *detector = inspection_.tools().detector;
  return place_.in_archive && size_ % slack_block == 0 && detector != nullptr &&
         !looks_like_cms(held_) && !looks_like_pgp(held_) &&
         detector->detect(held_).kind == nullptr;
}

// Zeros in front may be padding, or what a file begins with.
void LeafContent::put_zeros_back() {
  for (std::size_t zeros = std::min(zeros_, most_zeros); zeros > 0; zeros--) {
    std::vector<unsigned char> with_them(zeros, 0);
    with_them.insert(with_them.end(), held_.begin(), held_.end());
    if (recognise(with_them, {}) != nullptr) {
      held_ = std::move(with_them);
      return;
    }
  }
}

void LeafContent::begin_behind() {
  put_zeros_back();
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
  if (behind_ == nullptr && held_.size() >= least_behind && !is_slack())
    begin_behind();
  if (behind_ != nullptr)
    behind_->finish();
}

} // namespace smime
