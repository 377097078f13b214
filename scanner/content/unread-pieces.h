// Pieces of a file that no program reads which shows the file: padding, private chunks, what no
// table points to. What begins there as something that has to be opened is content of its own;
// of the rest it is seen whether it looks encrypted.
#ifndef SMIME_UNREAD_PIECES_H
#define SMIME_UNREAD_PIECES_H

#include "scanner/formats/chance-check.h"
#include "scanner/formats/file-end.h"
#include "scanner/inspection/reader.h"

#include <cstdint>
#include <memory>
#include <vector>

namespace smime {

class UnreadPieces : public PieceSink {
public:
  // text: the bytes stand in it as letters. There are pictures, keys and other short strings of
  // that in ordinary texts. markup: somebody else opens the files in it.
  enum class Of : unsigned char { file, text, markup };
  // inspection outlives it. place is the file's.
  UnreadPieces(Inspection &inspection, Place place, Of of = Of::file);
  ~UnreadPieces() override;
  UnreadPieces(const UnreadPieces &) = delete;
  UnreadPieces &operator=(const UnreadPieces &) = delete;

  void feed(Bytes bytes) override;
  void end_piece() override;
  // The file has ended, wherever that was.
  void finish() override;

  // Known after finish().
  bool look_encrypted() const { return found_ || (of_ == Of::file && small_.found()); }
  // Of a text, which is not what programs open: one is a message of CMS or OpenPGP, or an
  // encrypted file.
  bool has_sealed() const { return has_sealed_; }

private:
  void decide();
  enum class What : unsigned char { unknown, known, content };
  What find_out();
  What find_out_of_text();
  bool is_strange_text() const;
  void begin_content();

  Inspection &inspection_;
  Place place_;
  Of of_;
  // The first bytes, until they tell what the piece is.
  std::vector<unsigned char> beginning_;
  bool decided_ = false;
  // It is ordinary, and what is in it is not looked at.
  bool is_known_ = false;
  std::unique_ptr<ContentReader> reader_;
  ChanceCheck piece_{ChanceCheck::Of::plain};
  std::uint64_t size_ = 0;
  // Of all pieces together that alone are too small to tell.
  ChanceCheck small_{ChanceCheck::Of::plain};
  bool found_ = false;
  bool has_sealed_ = false;
};

} // namespace smime

#endif
