// What some bytes have that a mail storage may not give back as it got it.
#ifndef SMIME_BYTE_SCAN_H
#define SMIME_BYTE_SCAN_H

#include <span>

namespace smime {

struct ByteFacts {
  bool empty = true;
  // CR LF.
  bool crlf = false;
  // LF without a CR before it.
  bool bare_lf = false;
  // CR that no LF follows: also the first of CR CR LF, and the last byte of all.
  bool bare_cr = false;
  bool nul = false;
  // The last byte is a LF.
  bool ends_with_line = false;

  // Whether each storage format of Dovecot gives the bytes back as they are, but that all
  // lines end in LF or all in CR LF, whichever the storage writes. (Maildir, sdbox and mdbox
  // drop a CR at the end and make CR LF of CR CR LF, all make lines end alike, and mbox ends
  // the last line. A lone CR within a line and NUL come back, and are held back to be sure.)
  bool kept_by_storages() const {
    return !empty && !nul && !bare_cr && crlf != bare_lf && ends_with_line;
  }
};

// Takes bytes in pieces of any size.
class ByteScan {
public:
  void update(std::span<const unsigned char> bytes);
  // Of all bytes so far, as if they were the last.
  ByteFacts facts() const;

private:
  ByteFacts facts_;
  bool held_cr_ = false;
};

} // namespace smime

#endif
