// The decoded content of one part, file or layer: finds out from its bytes what
// it is, and hands them to who can look inside.
#ifndef SMIME_CONTENT_H
#define SMIME_CONTENT_H

#include "byte-sink.h"
#include "cms.h"
#include "inspection.h"

#include <memory>
#include <vector>

namespace smime {

// What the part's surroundings need to know about its content.
struct Outcome {
  // It is, or has in it, signed or encrypted content that must not change.
  bool is_protected = false;
  // Of type none if it is no CMS object.
  CmsFacts cms;
};

class Content : public ByteSink {
public:
  // inspection outlives the content.
  Content(Inspection &inspection, Place place);

  void feed(Bytes bytes) override;
  void finish() override;

  // False once nothing depends on the rest of the bytes.
  bool wants_more() const { return !decided_ || reader_ != nullptr; }
  // Known after finish().
  const Outcome &outcome() const { return outcome_; }

private:
  std::size_t wanted_prefix() const;
  void decide();
  std::unique_ptr<ByteSink> choose();

  Inspection &inspection_;
  Place place_;
  Outcome outcome_;
  std::vector<unsigned char> prefix_;
  bool decided_ = false;
  std::unique_ptr<ByteSink> reader_;
};

} // namespace smime

#endif
