// Text: armor of OpenPGP (RFC 9580 section 6.2) and PEM of CMS (RFC 7468
// sections 8 and 9), at the beginning of a line.
#ifndef SMIME_TEXT_CONTENT_H
#define SMIME_TEXT_CONTENT_H

#include "content.h"
#include "entity.h"

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

  void take_line(Bytes bytes, bool ended);
  void end_line();
  void begin_cms();
  void feed_cms(Bytes bytes);
  void end_cms();
  bool is_bare_base64_cms(Bytes bytes) const;

  Inspection &inspection_;
  Place place_;
  Outcome &outcome_;
  std::string line_;
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
