// A file that keeps mail: an .eml, Apple's .emlx, an mbox, MMDF's, also in UTF-16. Each message in
// it is read as one.
#ifndef SMIME_MAIL_FILE_H
#define SMIME_MAIL_FILE_H

#include "scanner/content/layer.h"

#include <memory>
#include <string>
#include <string_view>

namespace smime {

class MailFile : public ByteSink {
public:
  // The first bytes that it is fed are max_type_prefix, or all there is.
  MailFile(Inspection &inspection, Place place);

  void feed(Bytes bytes) override;
  void finish() override;

private:
  void begin(Bytes prefix);
  std::unique_ptr<LayerContent> make_message() const;
  void feed_further(Bytes bytes);
  Bytes take_line_start(Bytes bytes);
  void begin_further();

  Inspection &inspection_;
  Place place_;
  // The file as one message, whatever follows in it.
  std::unique_ptr<LayerContent> whole_;
  // mbox and MMDF: the line between two messages, and the message behind the first in which the
  // file goes on.
  std::string_view separator_;
  unsigned messages_ = 1;
  std::unique_ptr<LayerContent> further_;
  // The line's beginning, until it tells whether a message begins.
  bool at_line_start_ = true;
  std::string line_start_;
};

// Of mail in UTF-16.
std::unique_ptr<ByteSink> make_wide_mail(Inspection &inspection, const Place &place);

} // namespace smime

#endif
