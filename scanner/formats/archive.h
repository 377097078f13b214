// Archives and compressed files, by libarchive: says which cannot be opened, and
// hands each file in them on to detection.
#ifndef SMIME_ARCHIVE_H
#define SMIME_ARCHIVE_H

#include "scanner/base/fiber.h"
#include "scanner/formats/detect.h"
#include "scanner/formats/package.h"
#include "scanner/formats/rar5.h"
#include "scanner/inspection/inspection.h"
#include "scanner/inspection/window.h"

#include <memory>

struct archive;
struct archive_entry;

namespace smime {

class ArchiveContent : public ByteSink {
public:
  // streamed: a small archive is still read as a whole, by its directory, as
  // its readers do; a large one from its beginning to its end.
  ArchiveContent(Inspection &inspection, Place place, const KindRow &kind);
  ~ArchiveContent() override;

  void feed(Bytes bytes) override;
  void finish() override;

private:
  void read_whole();
  void read_streamed(Fiber &fiber);
  void read_entries(archive *reader);
  bool read_entry(archive *reader, archive_entry *entry);
  bool read_data(archive *reader, const Place &place);
  void report_encrypted();
  void report_failure(archive *reader, int result);
  void report_once(const std::string &reason);

  Inspection &inspection_;
  Place place_;
  Kind kind_;
  Access access_;
  std::unique_ptr<Window> window_;
  std::unique_ptr<Fiber> fiber_;
  Rar5Headers rar5_;
  PackageMarks marks_;
  bool reported_ = false;
  bool opened_ = false;
};

} // namespace smime

#endif
