// Archives and compressed files, by libarchive: says which cannot be opened, and
// hands each file in them on to detection.
#ifndef SMIME_ARCHIVE_H
#define SMIME_ARCHIVE_H

#include "scanner/base/fiber.h"
#include "scanner/formats/container.h"
#include "scanner/formats/package.h"
#include "scanner/formats/rar4.h"
#include "scanner/formats/rar5.h"
#include "scanner/formats/zip-structure.h"
#include "scanner/inspection/inspection.h"
#include "scanner/inspection/window.h"

#include <memory>
#include <optional>
#include <vector>

struct archive;
struct archive_entry;

namespace smime {

class ArchiveContent : public ByteSink {
public:
  // Whether the archive is the file, or is in one that is something else as well.
  enum class Found : unsigned char { alone, embedded };

  // A small archive is read as a whole, by its directory, as its readers do; a large one from
  // its beginning to its end, if it can be.
  ArchiveContent(Inspection &inspection, Place place, Container container, Found found);
  ~ArchiveContent() override;

  void feed(Bytes bytes) override;
  void finish() override;

  // Of an embedded archive: takes what belongs to it, and returns the rest once its end was met.
  Bytes feed_own(Bytes bytes);
  bool ended() const { return ended_; }

private:
  // Ways to read the same archive of which each may show other files.
  enum class Way : unsigned char { usual, local_headers, iso_tree, joliet_tree };
  struct Stream;

  void look_for_image(Bytes bytes);
  void look_at_headers(Bytes bytes);
  void take(Bytes bytes);
  std::optional<std::uint64_t> known_end(Bytes bytes) const;
  std::unique_ptr<ByteSink> make_search();
  void feed_stray(Bytes bytes);
  void finish_headers();
  bool is_cut_short();
  bool tells_end() const;
  void read_whole();
  void read_window(Way way);
  void read_streamed(Fiber &fiber);
  bool read_entries(archive *reader);
  bool read_entry(archive *reader, archive_entry *entry);
  bool read_data(archive *reader, std::unique_ptr<ByteSink> content);
  void read_behind(std::uint64_t end);
  void read_behind_stream(Stream &stream, std::uint64_t end);
  std::unique_ptr<ByteSink> make_behind_reader();
  void look_for_udf(Bytes head);
  void report_encrypted();
  void report_contradiction(std::string_view why);
  void report_failure(archive *reader, int result);
  void report_once(const std::string &reason);

  Inspection &inspection_;
  Place place_;
  Container container_;
  Found found_;
  std::unique_ptr<Window> window_;
  std::unique_ptr<Fiber> fiber_;
  Rar4Headers rar4_;
  Rar5Headers rar5_;
  PackageMarks marks_;
  std::unique_ptr<ZipStructure> zip_;
  std::unique_ptr<ByteSink> stray_;
  bool has_joliet_ = false;
  // Opening it would take more memory than it may.
  bool is_refused_ = false;
  std::uint64_t position_ = 0;
  std::size_t image_bytes_ = 0; // of an image's sign, where that has to be
  std::uint64_t fed_ = 0;
  // As the header says.
  std::optional<std::uint64_t> end_;
  bool ended_ = false;
  bool reported_ = false;
  bool reported_encrypted_ = false;
  bool opened_ = false;
};

} // namespace smime

#endif
