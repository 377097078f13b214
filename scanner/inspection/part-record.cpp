#include "scanner/inspection/part-record.h"

#include "common/ascii.h"
#include "scanner/base/charset-text.h"

#include <algorithm>
#include <utility>

namespace smime {
namespace {

constexpr std::size_t text_step = 16UL * 1024;

} // namespace

PartRecord::PartRecord(Inspection &inspection, const Place &place)
    : inspection_(inspection),
      is_outermost_(!place.in_archive && place.path.find('/') == std::string::npos) {
  state_.number = inspection.number_part();
  state_.path = place.path;
  state_.name = shown_name_of(place);
  state_.type = state_.declared = place.type;
}

void PartRecord::feed(Bytes bytes) {
  size_ += bytes.size();
  sha256_.update(bytes);
  std::size_t wanted = std::min(bytes.size(), most_kept_ - std::min(most_kept_, kept_.size()));
  while (wanted > 0) {
    if (kept_.size() == borrowed_)
      borrowed_ += inspection_.shown().borrow(std::min(text_step, most_kept_ - borrowed_));
    std::size_t piece = std::min(wanted, borrowed_ - kept_.size());
    if (piece == 0)
      most_kept_ = kept_.size();
    kept_ += as_text(bytes.first(piece));
    bytes = bytes.subspan(piece);
    wanted = piece == 0 ? 0 : wanted - piece;
  }
}

void PartRecord::forget_text() {
  inspection_.shown().give_back(std::exchange(borrowed_, 0));
  most_kept_ = 0;
  kept_ = {};
}

// Behind a bound, bytes may have been left out that nobody knows of.
InsidePart PartRecord::state() {
  InsidePart state = state_;
  if (finished_ && (is_outermost_ || !inspection_.stopped())) {
    state.size = size_;
    state.sha256 = to_hex(sha256_.result());
  }
  return state;
}

std::string shown_name_of(const Place &place) {
  return place.shown_name.empty() ? utf8_text(as_bytes(place.name), {}) : place.shown_name;
}

} // namespace smime
