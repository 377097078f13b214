// What is told of one part besides what became of it: how many bytes it has, their digest, and
// what it says, if that is wanted (Tools::inside and wants_text).
#ifndef SMIME_PART_RECORD_H
#define SMIME_PART_RECORD_H

#include "common/sha256.h"
#include "scanner/inspection/inspection.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace smime {

class PartRecord {
public:
  // Takes the part's number: parts are listed as they begin. inspection outlives it.
  PartRecord(Inspection &inspection, const Place &place);
  ~PartRecord() { forget_text(); }
  PartRecord(const PartRecord &) = delete;
  PartRecord &operator=(const PartRecord &) = delete;

  // Each of the decoded bytes.
  void feed(Bytes bytes);
  // Keeps the beginning of what comes, and of nothing that came before.
  void keep_text(std::size_t most) { most_kept_ = most; }
  void forget_text();
  // All of the bytes have come.
  void finish() { finished_ = true; }

  // As it came.
  const std::string &kept() const { return kept_; }
  bool is_text_cut() const { return size_ > kept_.size(); }
  // With number, labels, size and digest. state: what became of it, which it is not told.
  InsidePart state();

private:
  Inspection &inspection_;
  InsidePart state_;
  Sha256 sha256_;
  std::uint64_t size_ = 0;
  // Whose bytes come whatever bound is met.
  bool is_outermost_;
  bool finished_ = false;
  std::size_t most_kept_ = 0;
  std::size_t borrowed_ = 0;
  std::string kept_;
};

// A name as people read it, whatever bytes it has.
std::string shown_name_of(const Place &place);

} // namespace smime

#endif
