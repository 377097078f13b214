// The decoded content of one part, file or layer: finds out from its bytes what
// it is, and hands them to who can look inside.
#ifndef SMIME_CONTENT_H
#define SMIME_CONTENT_H

#include "scanner/inspection/reader.h"

#include <memory>
#include <vector>

namespace smime {

class Content : public ContentReader {
public:
  // inspection outlives the content.
  Content(Inspection &inspection, Place place);

  void feed(Bytes bytes) override;
  void finish() override;

  bool wants_more() const override { return !decided_ || reader_ != nullptr; }
  const Outcome &outcome() const override { return outcome_; }

private:
  std::size_t wanted_prefix() const;
  void decide();
  std::unique_ptr<ByteSink> choose();
  std::unique_ptr<ByteSink> known(std::unique_ptr<ByteSink> reader);

  Inspection &inspection_;
  Place place_;
  Outcome outcome_;
  std::vector<unsigned char> prefix_;
  bool decided_ = false;
  std::unique_ptr<ByteSink> reader_;
};

} // namespace smime

#endif
