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
  // inspection outlives it. place is the file's.
  UnreadPieces(Inspection &inspection, Place place);
  ~UnreadPieces() override;
  UnreadPieces(const UnreadPieces &) = delete;
  UnreadPieces &operator=(const UnreadPieces &) = delete;

  void feed(Bytes bytes) override;
  void end_piece() override;
  // The file has ended, wherever that was.
  void finish() override;

  // Known after finish().
  bool look_encrypted() const { return found_ || small_.found(); }

private:
  void decide();
  bool is_content() const;
  void begin_content();

  Inspection &inspection_;
  Place place_;
  // The first bytes, until they tell what the piece is.
  std::vector<unsigned char> beginning_;
  bool decided_ = false;
  std::unique_ptr<ContentReader> reader_;
  ChanceCheck piece_{ChanceCheck::Of::plain};
  // Of all pieces together that alone are too small to tell.
  ChanceCheck small_{ChanceCheck::Of::plain};
  bool found_ = false;
};

} // namespace smime

#endif
