// Finds armor (RFC 9580 section 6.2, RFC 7468) in text as readers find it: behind text on its
// line, in HTML, quoted by any prefix, dash-escaped, in lines that end in CR alone, in UTF-16,
// with control characters in between; and the base64 that is in it.
//
// Ordinary text is searched for a few words and costs little more than to copy it.
#ifndef SMIME_OPENPGP_ARMOR_H
#define SMIME_OPENPGP_ARMOR_H

#include "scanner/openpgp/visible-text.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace smime {

struct ArmorLabel {
  // Behind BEGIN, with one blank between words: "PGP MESSAGE, PART 1/2".
  std::string words;
  // Before it on its line is nothing but blanks, quoting and the like.
  bool at_line_start = false;
};

// Encrypted text that no BEGIN tells.
enum class TextMark : unsigned char {
  openssl,
  ansible_vault,
  encrypted_value,
  saltpack,
  // Armor of OpenPGP in EBCDIC, which is not read.
  ebcdic_message,
};

class ArmorSink {
public:
  virtual ~ArmorSink() = default;
  // Returns whether what follows is to be read as armor.
  virtual bool armor_begins(const ArmorLabel &label) = 0;
  // A line of it is base64 and nothing else.
  virtual void armor_line() = 0;
  // Characters of base64, with padding.
  virtual void armor_payload(Bytes base64) = 0;
  // One of the first words that may be payload: for text of which the lines hold more than
  // that, in a way that only their reader understands.
  virtual void armor_word(Bytes base64) = 0;
  virtual void armor_ends() = 0;
  virtual void mark_found(TextMark mark) = 0;
};

class ArmorFinder {
public:
  explicit ArmorFinder(ArmorSink &sink) : sink_(sink) {}

  void feed(Bytes bytes);
  void finish();

private:
  void search(bool last);
  bool look_for_label(bool last);
  bool take_armor(bool last);
  void take_line(std::string_view line, bool is_whole);
  void take_words(std::string_view line);
  void give_payload(std::string_view text);
  void look_for_marks(std::size_t from, bool last);
  void forget();

  ArmorSink &sink_;
  VisibleText visible_;
  // Visible text: some of what was looked at, and what was not.
  std::string window_;
  std::size_t at_ = 0;
  std::size_t marks_at_ = 0;
  // Of the armor that is being read.
  bool in_armor_ = false;
  std::string prefix_;
  bool in_line_ = false;
  bool line_is_payload_ = false;
  bool has_payload_ = false;
  bool payload_ended_ = false;
  unsigned words_ = 0;
};

} // namespace smime

#endif
