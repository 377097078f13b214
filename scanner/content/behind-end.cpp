#include "scanner/content/behind-end.h"

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

BehindEnd::BehindEnd(Inspection &inspection, Place place)
    : inspection_(inspection), place_(std::move(place)) {}

BehindEnd::~BehindEnd() {
  if (entered_)
    inspection_.leave_layer();
}

void BehindEnd::feed(Bytes bytes) {
  if (reader_ != nullptr)
    return reader_->feed(bytes);
  if (held_.empty()) {
    auto first = std::find_if_not(bytes.begin(), bytes.end(), is_padding);
    auto zeros = std::find_if_not(bytes.begin(), first, [](unsigned char c) { return c == 0; });
    zeros_ = zeros == first ? zeros_ + static_cast<std::size_t>(first - bytes.begin()) : 0;
    bytes = bytes.subspan(static_cast<std::size_t>(first - bytes.begin()));
  }
  held_.insert(held_.end(), bytes.begin(), bytes.end());
  if (held_.size() >= held_at_most())
    begin();
}

std::size_t BehindEnd::held_at_most() const {
  return place_.in_archive ? most_slack : least_behind;
}

// Nothing that is known begins there.
bool BehindEnd::is_slack(std::uint64_t size) const {
  const Detector *detector = inspection_.tools().detector;
  return place_.in_archive && size % slack_block == 0 && detector != nullptr &&
         !looks_like_cms(held_) && !looks_like_pgp(held_) &&
         detector->detect(held_).kind == nullptr;
}

// Zeros in front may be padding, or what a file begins with.
void BehindEnd::put_zeros_back() {
  for (std::size_t zeros = std::min(zeros_, most_zeros); zeros > 0; zeros--) {
    std::vector<unsigned char> with_them(zeros, 0);
    with_them.insert(with_them.end(), held_.begin(), held_.end());
    if (recognise(with_them, {}) != nullptr) {
      held_ = std::move(with_them);
      return;
    }
  }
}

void BehindEnd::begin() {
  put_zeros_back();
  Place behind = place_;
  behind.type.clear();
  behind.name += "/behind its end";
  behind.shown_name.clear();
  behind.is_text = false;
  // A chain of files, each behind the other, is bounded as files in files are.
  entered_ = true;
  bool may_go_on = inspection_.enter_layer(behind) && inspection_.count_part(behind);
  reader_ = make_content_reader(inspection_, std::move(behind));
  std::vector<unsigned char> held = std::exchange(held_, {});
  if (may_go_on)
    reader_->feed(held);
}

void BehindEnd::finish(std::uint64_t size) {
  if (reader_ == nullptr && held_.size() >= least_behind && !is_slack(size))
    begin();
  if (reader_ != nullptr)
    reader_->finish();
}

} // namespace smime
