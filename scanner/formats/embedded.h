// Archives that are where nobody looks for them: behind a picture, in a program that unpacks
// itself, as the last of several volumes, and disk images, which say what they are far from their
// beginning or at their end.
#ifndef SMIME_EMBEDDED_H
#define SMIME_EMBEDDED_H

#include "scanner/formats/container.h"
#include "scanner/formats/kinds.h"
#include "scanner/inspection/inspection.h"

#include <memory>
#include <string_view>
#include <vector>

namespace smime {

class ArchiveContent;

class EmbeddedArchives : public ByteSink {
public:
  // whole_file: the first byte is a file's first one, and the last its last. The same of a file in
  // which somebody else finds what is in it: of a document only zip archives that were put behind
  // it are looked for, of one in sectors, where archives may be in pieces, nothing else.
  enum class Of : unsigned char { whole_file, document, sectors, piece };

  EmbeddedArchives(Inspection &inspection, Place place, Of of);
  ~EmbeddedArchives() override;

  void feed(Bytes bytes) override;
  void finish() override;

  // What the whole of it is; null if nothing was found, or something that is only a part of it.
  // Known after finish().
  const KindRow *kind() const { return kind_; }

private:
  void take_head(Bytes bytes);
  bool is_disk_image();
  void keep_tail(Bytes bytes);
  void look(Bytes bytes);
  Bytes search(Bytes bytes);
  Bytes search_carry(Bytes bytes, bool at_end);
  void open(Container container);
  void close();
  void look_at_tail();
  bool look_for_zip_end(Bytes tail);
  void name(const KindRow &kind);
  void name_as(std::string_view reason);

  Inspection &inspection_;
  Place place_;
  Of of_;
  bool found_ = false;
  const KindRow *kind_ = nullptr;
  bool in_layer_ = false;
  std::vector<unsigned char> head_;
  bool head_done_;
  // The end of what passed: a candidate that is not complete.
  std::vector<unsigned char> carry_;
  // The last two blocks.
  std::vector<unsigned char> tail_;
  std::vector<unsigned char> before_tail_;
  std::unique_ptr<ArchiveContent> archive_;
  std::unique_ptr<ByteSink> image_;
};

} // namespace smime

#endif
