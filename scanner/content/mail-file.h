// A file that keeps mail: an .eml, Apple's .emlx, an mbox. Each message in it is read as one.
#ifndef SMIME_MAIL_FILE_H
#define SMIME_MAIL_FILE_H

#include "scanner/content/layer.h"

#include <memory>
#include <string>

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
  // mbox: the message behind the first in which the file goes on.
  bool is_mbox_ = false;
  unsigned messages_ = 1;
  std::unique_ptr<LayerContent> further_;
  // The line's beginning, until it tells whether a message begins.
  bool at_line_start_ = true;
  std::string line_start_;
};

} // namespace smime

#endif
