// Text as its readers see it, for searches: without tags and what has no width, entities and
// blanks of all kinds as the characters that they are.
#ifndef SMIME_OPENPGP_VISIBLE_TEXT_H
#define SMIME_OPENPGP_VISIBLE_TEXT_H

#include "common/byte-sink.h"

#include <string>

namespace smime {

class VisibleText {
public:
  struct Look {
    // They are seen as they are, as most text is.
    bool is_plain = true;
    // Control characters that text does not have, without zeros.
    std::size_t odd = 0;
  };
  // What bytes are, at the cost of copying them.
  static Look look(Bytes bytes);

  // Appends to text what is seen of bytes, which may come in pieces.
  void add(Bytes bytes, std::string &text);
  // Appends what was held back, as it is.
  void finish(std::string &text);
  bool holds_nothing() const { return held_.empty(); }

private:
  void begin(unsigned char c, std::string &text);
  void go_on(unsigned char c, std::string &text);
  void go_on_in_tag(unsigned char c, std::string &text);
  void go_on_in_entity(unsigned char c, std::string &text);
  void go_on_in_letter(unsigned char c, std::string &text);
  void end_tag(std::string &text);
  void release(std::string &text);

  // A tag, an entity or a letter of several bytes that has begun.
  std::string held_;
};

} // namespace smime

#endif
