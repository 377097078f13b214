#include "scanner/content/unread-pieces.h"

#include "scanner/base/padding.h"
#include "scanner/formats/detect.h"
#include "scanner/formats/encrypted-file.h"
#include "scanner/formats/kinds.h"
#include "scanner/layers/cms.h"
#include "scanner/openpgp/packets.h"

#include <algorithm>
#include <utility>

namespace smime {
namespace {

// Fewer are no message, and no archive with something in it.
constexpr std::size_t least_content = 64;
// Of a text: keys, signatures and links of ordinary ones are shorter.
constexpr std::uint64_t least_of_text = 4096;

// RFC 1950: programs keep their data so, and nobody knows what.
bool is_zlib(Bytes bytes) { return bytes[0] == 0x78 && (bytes[0] << 8U | bytes[1]) % 31 == 0; }

} // namespace

UnreadPieces::UnreadPieces(Inspection &inspection, Place place, Of of)
    : inspection_(inspection), place_(std::move(place)), of_(of) {}

UnreadPieces::~UnreadPieces() {
  if (reader_ != nullptr)
    inspection_.leave_layer();
}

void UnreadPieces::feed(Bytes bytes) {
  if (reader_ != nullptr)
    return reader_->feed(bytes);
  if (is_known_)
    return;
  size_ += bytes.size();
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
UnreadPieces::What UnreadPieces::find_out() {
  if (beginning_.size() < least_content)
    return What::unknown;
  if (of_ != Of::file)
    return find_out_of_text();
  if (looks_like_cms(beginning_) || guess_openpgp(beginning_) != PgpGuess::none)
    return What::content;
  const KindRow *kind = recognise(beginning_, {});
  bool is_content = kind != nullptr && (kind->look != Look::leaf || kind->end != nullptr);
  return is_content ? What::content : What::unknown;
}

UnreadPieces::What UnreadPieces::find_out_of_text() {
  bool is_cms = looks_like_cms(beginning_);
  bool is_sealed = (is_cms && is_encrypted_type(inspect_cms(beginning_, false).type)) ||
                   looks_like_pgp(beginning_) || find_encrypted_file(beginning_) != nullptr;
  has_sealed_ = has_sealed_ || is_sealed;
  if (is_cms || is_sealed || guess_openpgp(beginning_) != PgpGuess::none || is_zlib(beginning_))
    return What::known;
  const KindRow *kind = recognise(beginning_, {});
  if (kind == nullptr)
    return What::unknown;
  return kind->look == Look::leaf || of_ == Of::markup ? What::known : What::content;
}

// Of what looks encrypted; libmagic knows more kinds that are compressed.
bool UnreadPieces::is_strange_text() const {
  const Detector *detector = inspection_.tools().detector;
  return size_ >= least_of_text &&
         (detector == nullptr || detector->detect(beginning_).kind == nullptr);
}

void UnreadPieces::begin_content() {
  Place piece = place_;
  piece.type.clear();
  piece.name += of_ != Of::file ? "/in the text" : "/in a piece of it";
  piece.shown_name.clear();
  piece.is_text = false;
  piece.has_cms_label = false;
  bool may_go_on = inspection_.enter_layer(piece) && inspection_.count_part(piece);
  reader_ = make_content_reader(inspection_, std::move(piece));
  if (may_go_on)
    reader_->feed(beginning_);
}

void UnreadPieces::decide() {
  decided_ = true;
  What what = find_out();
  is_known_ = what == What::known;
  if (what == What::content)
    begin_content();
  else if (what == What::unknown)
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
  found_ = found_ || (piece_.found() && (of_ == Of::file || is_strange_text()));
  is_known_ = false;
  size_ = 0;
  piece_ = ChanceCheck(ChanceCheck::Of::plain);
  beginning_.clear();
  decided_ = false;
}

void UnreadPieces::finish() { end_piece(); }

} // namespace smime
