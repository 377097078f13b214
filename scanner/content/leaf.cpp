#include "scanner/content/leaf.h"

#include "scanner/content/behind-end.h"
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

// Its format says where it ends while it is read.
class EndedLeaf : public ByteSink {
public:
  EndedLeaf(Inspection &inspection, Place place, const KindRow &kind)
      : inspection_(inspection), place_(std::move(place)), kind_(kind), end_(kind.end()),
        embedded_(inspection, place_, EmbeddedArchives::Of::piece), behind_(inspection, place_),
        is_searched_(kind.opener != Kind::pdf) {}

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
    behind_.finish(size_);
    // A length that is no one's length is met by no end.
    bool may_be_chance = end_->is_cut() ? counts_.size() >= few_bytes
                                        : end_->ends_anywhere() && counts_.size() >= many_bytes;
    if (may_be_chance && counts_.deviation() < most_of_chance)
      name_as_chance(inspection_, place_, kind_);
  }

private:
  Inspection &inspection_;
  Place place_;
  const KindRow &kind_;
  std::unique_ptr<FileEnd> end_;
  // In a comment, say.
  EmbeddedArchives embedded_;
  BehindEnd behind_;
  // Somebody else does it in documents that have files in them.
  bool is_searched_;
  ByteCounts counts_;
  std::uint64_t size_ = 0;
};

// Of the others: whether it looks encrypted, and, if tables in it say where it ends, what stands
// behind that.
class OtherLeaf : public ByteSink {
public:
  OtherLeaf(Inspection &inspection, Place place, const KindRow &kind)
      : inspection_(inspection), place_(std::move(place)), kind_(kind),
        chance_(kind.is_dense || kind.extent != nullptr ? ChanceCheck::Of::dense
                                                        : ChanceCheck::Of::plain),
        window_(inspection) {}

  void feed(Bytes bytes) override {
    chance_.feed(bytes);
    if (kind_.extent == nullptr)
      return;
    counts_.add(bytes);
    window_.feed(bytes);
  }

  void finish() override {
    if (kind_.extent != nullptr && !inspection_.stopped())
      read_behind();
    if ((chance_.found() && !is_end_known_) ||
        (is_cut_ && counts_.size() >= few_bytes && counts_.deviation() < most_of_chance))
      name_as_chance(inspection_, place_, kind_);
  }

private:
  void read_behind() {
    Extent end = kind_.extent(window_);
    std::uint64_t until = end.has_value() ? std::min(window_.size(), end->again_from) : 0;
    // Packed programs look like chance, and are in one piece.
    is_end_known_ = end.has_value();
    is_cut_ = end.has_value() && end->end > window_.size();
    if (!end.has_value() || end->end >= until)
      return;
    BehindEnd behind(inspection_, place_);
    std::array<unsigned char, 16384> bytes;
    std::uint64_t at = end->end;
    while (at < until) {
      auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(bytes.size(), until - at));
      std::size_t size = window_.read(at, bytes.data(), wanted);
      // What is in the middle of a large file was not kept; it goes on behind that.
      if (size == 0)
        at = window_.kept_from(at);
      behind.feed(Bytes(bytes).first(size));
      at += size;
    }
    behind.finish(window_.size());
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
};

} // namespace

std::unique_ptr<ByteSink> make_leaf_reader(Inspection &inspection, const Place &place,
                                           const KindRow &kind) {
  if (kind.end != nullptr)
    return std::make_unique<EndedLeaf>(inspection, place, kind);
  return std::make_unique<OtherLeaf>(inspection, place, kind);
}

} // namespace smime
