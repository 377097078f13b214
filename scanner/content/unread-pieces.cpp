#include "scanner/content/unread-pieces.h"

#include "scanner/base/padding.h"
#include "scanner/formats/kinds.h"
#include "scanner/layers/cms.h"
#include "scanner/openpgp/packets.h"

#include <algorithm>
#include <utility>

namespace smime {
namespace {

// Fewer are no message, and no archive with something in it.
constexpr std::size_t least_content = 64;

} // namespace

UnreadPieces::UnreadPieces(Inspection &inspection, Place place)
    : inspection_(inspection), place_(std::move(place)) {}

UnreadPieces::~UnreadPieces() {
  if (reader_ != nullptr)
    inspection_.leave_layer();
}

void UnreadPieces::feed(Bytes bytes) {
  if (reader_ != nullptr)
    return reader_->feed(bytes);
  if (decided_)
    return piece_.feed(bytes);
  if (beginning_.empty())
    bytes = without_padding_in_front(bytes);
  Bytes taken = bytes.first(std::min(bytes.size(), max_type_prefix - beginning_.size()));
  beginning_.insert(beginning_.end(), taken.begin(), taken.end());
  if (beginning_.size() < max_type_prefix)
    return;
  decide();
  feed(bytes.subspan(taken.size()));
}

// Something that is sealed, or has to be opened; a picture, a sound or a font is what other
// programs keep in files of their own.
bool UnreadPieces::is_content() const {
  if (beginning_.size() < least_content)
    return false;
  if (looks_like_cms(beginning_) || guess_openpgp(beginning_) != PgpGuess::none)
    return true;
  const KindRow *kind = recognise(beginning_, {});
  return kind != nullptr && (kind->look != Look::leaf || kind->end != nullptr);
}

void UnreadPieces::begin_content() {
  Place piece = place_;
  piece.type.clear();
  piece.name += "/in a piece of it";
  piece.is_text = false;
  piece.has_cms_label = false;
  bool may_go_on = inspection_.enter_layer(piece) && inspection_.count_part(piece);
  reader_ = make_content_reader(inspection_, std::move(piece));
  if (may_go_on)
    reader_->feed(beginning_);
}

void UnreadPieces::decide() {
  decided_ = true;
  if (is_content())
    begin_content();
  else
    (beginning_.size() < few_bytes ? small_ : piece_).feed(beginning_);
}

void UnreadPieces::end_piece() {
  if (!decided_)
    decide();
  if (reader_ != nullptr) {
    reader_->finish();
    reader_.reset();
    inspection_.leave_layer();
  }
  found_ = found_ || piece_.found();
  piece_ = ChanceCheck(ChanceCheck::Of::plain);
  beginning_.clear();
  decided_ = false;
}

void UnreadPieces::finish() { end_piece(); }

} // namespace smime
