// Reads a message, or what is left of one, for its labels alone, line by line and without
// regard to its structure: header fields, armor lines, and what the bytes behind a header
// begin with. For messages of which the structure is not known or not to be trusted: a
// bound was met, or readers see different parts. What it costs grows with the bytes and
// with nothing else; it opens nothing.
#ifndef SMIME_LABEL_SCAN_H
#define SMIME_LABEL_SCAN_H

#include "common/byte-sink.h"
#include "common/report.h"
#include "scanner/inspection/inspection.h"
#include "scanner/mime/entity.h"

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

namespace smime {

class LabelScan : public ByteSink {
public:
  LabelScan() : LabelScan(0) {}
  ~LabelScan() override;
  LabelScan(const LabelScan &) = delete;
  LabelScan &operator=(const LabelScan &) = delete;

  void feed(Bytes bytes) override;
  void finish() override;
  // Known after finish().
  const FoundLabels &found() const { return found_; }

private:
  // Content of a transfer encoding is read decoded as well, in a scan of its own.
  struct Decoded;

  explicit LabelScan(unsigned depth);
  void take(Bytes piece, bool ended);
  void append_to_line(Bytes piece);
  void end_line();
  void begin_field();
  void end_field();
  void begin_body();
  void end_body();
  void add_decoded(TransferDecoder::Encoding encoding);
  void begin_armor();
  void end_decoded(Decoded &decoded);
  void go_on_beside(std::unique_ptr<Decoded> container);
  void read_line_by_itself(Decoded &decoded) const;
  void look_for_armor();
  void sniff();
  void look_at(Bytes prefix);

  unsigned depth_;
  FoundLabels found_;
  // The line, with each run of blanks as one, as much of it as may be a label.
  std::string line_;
  bool line_begun_ = false;
  // It begins as a delimiter does, and is none of the body's bytes.
  bool is_delimiter_ = false;
  // A Content- field that may go on.
  std::string field_;
  bool in_header_ = false;
  // What the header says of its body.
  bool base64_ = false;
  bool quoted_printable_ = false;
  bool says_cms_ = false;
  bool says_readable_ = false;
  bool says_container_ = false;
  // Of the body.
  bool saw_cms_ = false;
  bool sniffing_ = false;
  std::vector<unsigned char> prefix_;
  std::vector<std::unique_ptr<Decoded>> decoded_;
  // Encoded messages and multiparts in which lines looked like a header: for readers who decode
  // them they may be part of the body. These go on to the end.
  std::vector<std::unique_ptr<Decoded>> containers_;
  // Behind the last armor line; beside what the header says, which no line of the body ends.
  std::unique_ptr<Decoded> armored_;
};

// A label scan that begins late: with the bytes at which it is first wanted, and with some
// of those before them, in which a label may have begun.
class LateLabelScan {
public:
  void feed(Bytes bytes, bool wanted);
  // What was found; nothing unless it was wanted at last.
  FoundLabels finish(bool wanted);

private:
  std::vector<unsigned char> before_;
  std::unique_ptr<LabelScan> scan_;
};

} // namespace smime

#endif
