#include "scanner/formats/unwrap.h"

#include "scanner/base/big-endian.h"
#include "scanner/formats/embedded.h"
#include "scanner/inspection/reader.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

namespace smime {
namespace {

// Bytes of the file inside.
struct Span {
  std::uint64_t start = 0;
  std::uint64_t size = 0;
};

// nullopt if there are too few bytes.
std::optional<Span> find_data_fork(Container container, Bytes head) {
  constexpr std::size_t mac_binary_header = 128;
  if (container == Container::mac_binary) {
    if (head.size() < mac_binary_header)
      return std::nullopt;
    std::uint64_t second =
        (big_endian(head, 120, 2) + mac_binary_header - 1) & ~(mac_binary_header - 1);
    return Span{mac_binary_header + second, big_endian(head, 83, 4)};
  }
  constexpr std::size_t entries_at = 26;
  constexpr std::size_t entry_size = 12;
  if (head.size() < entries_at)
    return std::nullopt;
  std::size_t count = big_endian(head, 24, 2);
  for (std::size_t i = 0; i < count; i++) {
    std::size_t at = entries_at + i * entry_size;
    if (head.size() < at + entry_size)
      return std::nullopt;
    if (big_endian(head, at, 4) == 1)
      return Span{big_endian(head, at + 4, 4), big_endian(head, at + 8, 4)};
  }
  return Span{};
}

// What unpacks nests: each counts as a layer as long as it lives.
class Unwrapper : public ByteSink {
public:
  Unwrapper(Inspection &inspection, const Place &place) : inspection_(inspection), place_(place) {
    place_.in_archive = true;
    (void)inspection_.enter_layer(place_);
  }
  ~Unwrapper() override {
    inside_.reset();
    inspection_.leave_layer();
  }

protected:
  ByteSink &inside() {
    if (inside_ == nullptr)
      inside_ = make_content_reader(inspection_, place_);
    return *inside_;
  }
  void finish_inside() {
    if (inside_ != nullptr)
      inside_->finish();
  }
  Inspection &inspection() { return inspection_; }
  const Place &place() const { return place_; }

private:
  Inspection &inspection_;
  Place place_;
  std::unique_ptr<ByteSink> inside_;
};

class DataFork : public Unwrapper {
public:
  DataFork(Inspection &inspection, const Place &place, Container container)
      : Unwrapper(inspection, place), container_(container),
        around_(inspection, place, EmbeddedArchives::Of::piece) {}

  void feed(Bytes bytes) override {
    if (!span_) {
      std::size_t taken = std::min(bytes.size(), max_head - head_.size());
      head_.insert(head_.end(), bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(taken));
      bytes = bytes.subspan(taken);
      span_ = find_data_fork(container_, head_);
      if (!span_ && head_.size() == max_head)
        span_ = Span{};
      if (!span_)
        return;
      pass(head_);
      head_ = {};
    }
    pass(bytes);
  }

  void finish() override {
    finish_inside();
    around_.finish();
    if (!span_ || span_->start + span_->size > position_)
      inspection().add_uninspectable(place(), "damaged-archive");
  }

private:
  static constexpr std::size_t max_head = 4096;

  // The rest are the other fork and the Finder's facts.
  void pass(Bytes bytes) {
    while (!bytes.empty()) {
      bool is_data = position_ >= span_->start && position_ < span_->start + span_->size;
      std::uint64_t until = is_data                    ? span_->start + span_->size
                            : position_ < span_->start ? span_->start
                                                       : position_ + bytes.size();
      auto taken =
          static_cast<std::size_t>(std::min<std::uint64_t>(until - position_, bytes.size()));
      if (is_data)
        inside().feed(bytes.first(taken));
      else
        around_.feed(bytes.first(taken));
      position_ += taken;
      bytes = bytes.subspan(taken);
    }
  }

  Container container_;
  EmbeddedArchives around_;
  std::vector<unsigned char> head_;
  std::optional<Span> span_;
  std::uint64_t position_ = 0;
};

// As many frames as there are, in one loop: they may be empty, and very many.
class SkippableFrames : public Unwrapper {
public:
  using Unwrapper::Unwrapper;

  void feed(Bytes bytes) override {
    while (!is_inside_ && !bytes.empty()) {
      if (skip_ > 0) {
        auto skipped = static_cast<std::size_t>(std::min<std::uint64_t>(skip_, bytes.size()));
        skip_ -= skipped;
        bytes = bytes.subspan(skipped);
        continue;
      }
      std::size_t taken = std::min(bytes.size(), header_size - header_.size());
      header_.insert(header_.end(), bytes.begin(),
                     bytes.begin() + static_cast<std::ptrdiff_t>(taken));
      bytes = bytes.subspan(taken);
      if (header_.size() < header_size)
        return;
      is_inside_ = !is_skippable_frame(header_);
      if (is_inside_)
        inside().feed(header_);
      else
        skip_ = header_[4] | header_[5] << 8U | header_[6] << 16U |
                static_cast<std::uint64_t>(header_[7]) << 24U;
      header_.clear();
    }
    if (is_inside_ && !bytes.empty())
      inside().feed(bytes);
  }

  void finish() override {
    if (!is_inside_ && !header_.empty())
      inside().feed(header_);
    finish_inside();
  }

private:
  static constexpr std::size_t header_size = 8;
  std::vector<unsigned char> header_;
  std::uint64_t skip_ = 0;
  bool is_inside_ = false;
};

} // namespace

std::unique_ptr<ByteSink> make_unwrapper(Inspection &inspection, const Place &place,
                                         Container container) {
  if (container == Container::skippable_frame)
    return std::make_unique<SkippableFrames>(inspection, place);
  return std::make_unique<DataFork>(inspection, place, container);
}

} // namespace smime
