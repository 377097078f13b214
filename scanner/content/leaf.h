// A file that a virus scanner reads as it is, but whose format says where it ends: what stands
// behind its end is content of its own.
#ifndef SMIME_LEAF_CONTENT_H
#define SMIME_LEAF_CONTENT_H

#include "scanner/formats/embedded.h"
#include "scanner/formats/file-end.h"
#include "scanner/inspection/reader.h"

#include <cstdint>
#include <memory>
#include <vector>

namespace smime {

class LeafContent : public ByteSink {
public:
  // inspection outlives it.
  LeafContent(Inspection &inspection, Place place, std::unique_ptr<FileEnd> end);
  ~LeafContent() override;

  void feed(Bytes bytes) override;
  void finish() override;

private:
  void feed_behind(Bytes bytes);
  std::size_t held_at_most() const;
  bool is_slack() const;
  void put_zeros_back();
  void begin_behind();

  Inspection &inspection_;
  Place place_;
  std::unique_ptr<FileEnd> end_;
  // In a comment, say.
  EmbeddedArchives embedded_;
  // What stands behind, until it is worth a look.
  std::vector<unsigned char> held_;
  // How many zeros were left out in front of that.
  std::size_t zeros_ = 0;
  std::uint64_t size_ = 0;
  bool entered_ = false;
  std::unique_ptr<ContentReader> behind_;
};

} // namespace smime

#endif
