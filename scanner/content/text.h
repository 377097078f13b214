// Text: armor of OpenPGP (RFC 9580 section 6.2), PEM of CMS (RFC 7468 sections 8 and 9) and of
// others, wherever a reader finds it (openpgp/armor.h); uuencoded files; encrypted text of other
// programs. What is in armor is told by its bytes, whatever the label says.
#ifndef SMIME_TEXT_CONTENT_H
#define SMIME_TEXT_CONTENT_H

#include "scanner/content/content.h"
#include "scanner/content/encoded-text.h"
#include "scanner/content/sealed-text.h"
#include "scanner/mime/entity.h"
#include "scanner/openpgp/armor.h"
#include "scanner/openpgp/message.h"

#include <memory>
#include <string>
#include <vector>

namespace smime {

// "begin 644 name", and then a line as long as its first character says. BinHex (RFC 1741): a line
// that says so, and later one that begins with a colon.
class UuSearch {
public:
  void feed(Bytes bytes);
  void finish() { end_line(); }
  bool found() const { return found_; }
  bool has_binhex() const { return has_binhex_; }

private:
  void end_line();

  std::string line_; // as much as decides, of one that may be the header
  std::size_t length_ = 0;
  unsigned char first_ = 0;
  bool may_be_header_ = false;
  bool after_header_ = false;
  // The header's mode is one; else the line behind it has to be just as long as it says.
  bool has_mode_ = false;
  bool found_ = false;
  bool after_binhex_header_ = false;
  bool has_binhex_ = false;
};

class TextContent : public ByteSink, private ArmorSink {
public:
  // encoded: bytes that stand in it as letters are opened as well, or, where somebody else opens
  // them, seen to be encrypted.
  enum class Encoded : unsigned char { opened, seen, no };
  TextContent(Inspection &inspection, Place place, ContentOutcome &outcome, Encoded encoded);

  void feed(Bytes bytes) override;
  void finish() override;

private:
  bool armor_begins(const ArmorLabel &label) override;
  void armor_line() override { has_line_ = true; }
  void armor_payload(Bytes base64) override;
  void armor_word(Bytes base64) override;
  void armor_ends() override;
  void mark_found(TextMark mark) override;

  void begin_armor();
  void take_armored(Bytes decoded);
  void settle_armor();
  void report_cms_word();
  void report_encoded();
  void end_pgp();
  bool is_bare_base64_cms(Bytes bytes) const;

  Inspection &inspection_;
  Place place_;
  ContentOutcome &outcome_;
  ArmorFinder finder_;
  UuSearch uu_;
  SealedText sealed_;
  Encoded reads_encoded_;
  EncodedText encoded_;
  bool first_ = true;
  // All of it is base64 of a CMS object, without any label.
  std::unique_ptr<TransferDecoder> bare_decoder_;
  std::unique_ptr<ByteSink> bare_cms_;

  // What was found, reported once.
  bool found_message_ = false;
  bool found_signed_ = false;
  bool found_cms_ = false;
  bool found_encrypted_ = false;
  bool has_armor_ = false;

  // The armor that is being read: its label, and the first bytes until they tell what it is.
  ArmorLabel label_;
  std::unique_ptr<TransferDecoder> decoder_;
  std::vector<unsigned char> beginning_;
  bool settled_ = false;
  bool word_is_message_ = false;
  bool has_line_ = false;
  std::vector<unsigned char> cms_word_;
  std::unique_ptr<PgpMessage> pgp_;
  std::unique_ptr<ByteSink> cms_;
};

} // namespace smime

#endif
