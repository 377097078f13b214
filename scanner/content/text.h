// Text: uuencoded files, armor of OpenPGP (RFC 9580 section 6.2) and PEM of CMS (RFC 7468
// sections 8 and 9), at the beginning of a line, behind white space, quoting and
// HTML tags.
#ifndef SMIME_TEXT_CONTENT_H
#define SMIME_TEXT_CONTENT_H

#include "scanner/content/content.h"
#include "scanner/mime/entity.h"

#include <memory>
#include <string>

namespace smime {

class TextContent : public ByteSink {
public:
  TextContent(Inspection &inspection, Place place, Outcome &outcome);

  void feed(Bytes bytes) override;
  void finish() override;

private:
  enum class Found : unsigned char { nothing, pgp_message, pgp_signed, cms };

  // What is known of the line that flows by.
  enum class Line : unsigned char { start, in_tag, marker, ordinary };

  void take_line(Bytes bytes, bool ended);
  Bytes skip_decoration(Bytes bytes);
  void look_for_uuencoded();
  void end_line();
  void begin_cms();
  void feed_cms(Bytes bytes);
  void end_cms();
  bool is_bare_base64_cms(Bytes bytes) const;

  Inspection &inspection_;
  Place place_;
  Outcome &outcome_;
  std::string line_;
  Line state_ = Line::start;
  std::size_t line_length_ = 0;
  unsigned char first_byte_ = 0;
  bool after_uu_header_ = false;
  bool found_uuencoded_ = false;
  bool first_ = true;
  bool found_message_ = false;
  bool found_signed_ = false;
  bool found_cms_ = false;
  std::unique_ptr<TransferDecoder> decoder_;
  std::unique_ptr<ByteSink> cms_;
};

// An encrypted OpenPGP message, armored or not.
void report_pgp_message(Inspection &inspection, const Place &place, Outcome &outcome);

} // namespace smime

#endif
