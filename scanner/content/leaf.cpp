#include "scanner/content/leaf.h"

#include "scanner/content/behind-end.h"
#include "scanner/content/unread-pieces.h"
#include "scanner/formats/chance-check.h"
#include "scanner/formats/embedded.h"
#include "scanner/formats/file-end.h"
#include "scanner/inspection/window.h"

#include <algorithm>
#include <array>
#include <utility>

namespace smime {
namespace {

void name_as_chance(Inspection &inspection, const Place &place, const KindRow &kind) {
  inspection.add_unrecognised(place, (place.name.empty() ? "The part" : place.name) +
                                         " begins as a " + std::string(kind.name) +
                                         ", but its bytes look encrypted or compressed.");
}

void name_as_hidden(Inspection &inspection, const Place &place, const KindRow &kind) {
  inspection.add_unrecognised(
      place, (place.name.empty() ? "The part" : place.name) + " is a " + std::string(kind.name) +
                 " with a piece in it that programs do not read, of which the "
                 "bytes look encrypted or compressed.");
}

// Its format says where it ends while it is read.
class EndedLeaf : public ByteSink {
public:
  EndedLeaf(Inspection &inspection, Place place, const KindRow &kind)
      : inspection_(inspection), place_(std::move(place)), kind_(kind), end_(kind.end()),
        embedded_(inspection, place_, EmbeddedArchives::Of::piece), behind_(inspection, place_),
        unread_(inspection, place_), is_searched_(kind.opener != Kind::pdf) {
    end_->give_unread(&unread_);
  }

  void feed(Bytes bytes) override {
    size_ += bytes.size();
    bool was_behind = end_->ended();
    Bytes rest = was_behind ? bytes : end_->feed(bytes);
    Bytes own = bytes.first(bytes.size() - rest.size());
    counts_.add(own);
    if (is_searched_)
      embedded_.feed(own);
    if (!was_behind && end_->ended())
      behind_.feed(end_->refused());
    if (end_->ended())
      behind_.feed(rest);
  }

  void finish() override {
    if (!end_->ended())
      behind_.feed(end_->refused());
    if (is_searched_)
      embedded_.finish();
    unread_.finish();
    behind_.finish(size_);
    // A length that is no one's length is met by no end.
    bool may_be_chance = end_->is_cut() ? counts_.size() >= few_bytes
                                        : end_->ends_anywhere() && counts_.size() >= many_bytes;
    may_be_chance = may_be_chance || (!end_->is_shown() && counts_.size() >= few_bytes);
    if (may_be_chance && counts_.deviation() < most_of_chance)
      name_as_chance(inspection_, place_, kind_);
    else if (unread_.look_encrypted())
      name_as_hidden(inspection_, place_, kind_);
  }

private:
  Inspection &inspection_;
  Place place_;
  const KindRow &kind_;
  std::unique_ptr<FileEnd> end_;
  // In a comment, say.
  EmbeddedArchives embedded_;
  BehindEnd behind_;
  UnreadPieces unread_;
  // Somebody else does it in documents that have files in them.
  bool is_searched_;
  ByteCounts counts_;
  std::uint64_t size_ = 0;
};

// Of the others: whether it looks encrypted, and, if tables in it say where it ends, what stands
// behind that, and where no table points to.
class OtherLeaf : public ByteSink {
public:
  OtherLeaf(Inspection &inspection, Place place, const KindRow &kind)
      : inspection_(inspection), place_(std::move(place)), kind_(kind),
        chance_(kind.is_dense ? ChanceCheck::Of::dense : ChanceCheck::Of::plain),
        window_(inspection), unread_(inspection, place_) {}

  void feed(Bytes bytes) override {
    chance_.feed(bytes);
    if (kind_.extent == nullptr)
      return;
    counts_.add(bytes);
    window_.feed(bytes);
  }

  void finish() override {
    if (kind_.extent != nullptr && !inspection_.stopped())
      read_extent();
    // Packed programs look like chance, and are in one piece.
    bool looks_encrypted = chance_.found() && !(is_end_known_ && kind_.is_dense);
    if (looks_encrypted ||
        (is_cut_ && counts_.size() >= few_bytes && counts_.deviation() < most_of_chance))
      name_as_chance(inspection_, place_, kind_);
    else if (unread_.look_encrypted())
      name_as_hidden(inspection_, place_, kind_);
  }

private:
  void read_extent() {
    Extent end = kind_.extent(window_);
    is_end_known_ = end.has_value();
    if (!end.has_value())
      return;
    is_cut_ = end->end > window_.size();
    for (const Range &range : end->unread) {
      read_range(range, [this](Bytes bytes) { unread_.feed(bytes); });
      unread_.end_piece();
    }
    unread_.finish();
    Range rest{end->end, std::min(window_.size(), end->again_from)};
    if (rest.at >= rest.end)
      return;
    BehindEnd behind(inspection_, place_);
    read_range(rest, [&](Bytes bytes) { behind.feed(bytes); });
    behind.finish(window_.size());
  }

  template <typename Take> void read_range(const Range &range, Take take) {
    std::array<unsigned char, 16384> bytes;
    std::uint64_t at = range.at;
    std::uint64_t end = std::min(range.end, window_.size());
    while (at < end) {
      auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(bytes.size(), end - at));
      std::size_t size = window_.read(at, bytes.data(), wanted);
      // What is in the middle of a large file was not kept; it goes on behind that.
      if (size == 0)
        at = window_.kept_from(at);
      take(Bytes(bytes).first(size));
      at += size;
    }
  }

  Inspection &inspection_;
  Place place_;
  const KindRow &kind_;
  ChanceCheck chance_;
  // Of what tables say more of than there is.
  ByteCounts counts_;
  bool is_end_known_ = false;
  bool is_cut_ = false;
  Window window_;
  UnreadPieces unread_;
};

} // namespace

std::unique_ptr<ByteSink> make_leaf_reader(Inspection &inspection, const Place &place,
                                           const KindRow &kind) {
  if (kind.end != nullptr)
    return std::make_unique<EndedLeaf>(inspection, place, kind);
  return std::make_unique<OtherLeaf>(inspection, place, kind);
}

} // namespace smime
