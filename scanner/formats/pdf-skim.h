// A PDF that is too large to be kept, as it flows by: whether it may have files in it. Looks for
// the key of embedded files in objects and, inflated, in object streams.
#ifndef SMIME_PDF_SKIM_H
#define SMIME_PDF_SKIM_H

#include "scanner/inspection/inspection.h"

#include <string>
#include <string_view>
#include <zlib.h>

namespace smime {

// Whether the key of embedded files is a name in text that flows by, or bytes that happen to be
// like it.
class PdfFileKey {
public:
  void feed(std::string_view text);
  bool found() const { return found_; }

private:
  void search(std::string_view text);

  std::string last_;
  bool found_ = false;
};

class PdfSkim {
public:
  PdfSkim(Inspection &inspection, const Place &place) : inspection_(inspection), place_(place) {}
  ~PdfSkim() { end_inflating(); }
  PdfSkim(const PdfSkim &) = delete;
  PdfSkim &operator=(const PdfSkim &) = delete;

  void feed(Bytes bytes);
  // True as well where an object stream could not be read.
  bool may_have_files() const { return may_have_files_; }

private:
  Bytes search(Bytes bytes);
  bool look_at(std::string_view text);
  void begin_inflating();
  Bytes inflate_some(Bytes bytes);
  void end_inflating();

  Inspection &inspection_;
  const Place &place_;
  // What was seen last, and may be the beginning of a word.
  std::string text_;
  // The dictionary that flows by is an object stream's.
  bool is_object_stream_ = false;
  bool inflating_ = false;
  z_stream stream_{};
  std::string inflated_;
  bool may_have_files_ = false;
};

} // namespace smime

#endif
