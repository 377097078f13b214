// What comes out of a layer: to the engine, and to detection as a message
// (RFC 8551 section 3.1) or as a file.
#ifndef SMIME_LAYER_CONTENT_H
#define SMIME_LAYER_CONTENT_H

#include "content.h"
#include "engine.h"

#include <memory>
#include <vector>

namespace smime {

class LayerContent : public ByteSink {
public:
  // place is the layer's own. decrypted: anything but a MIME entity is then
  // suspicious, because other recipients' keys may show something else.
  LayerContent(Inspection &inspection, Place place, bool decrypted);
  ~LayerContent() override;

  void feed(Bytes bytes) override;
  void finish() override;

private:
  void decide();

  Inspection &inspection_;
  Place place_;
  bool decrypted_;
  bool decided_ = false;
  std::vector<unsigned char> prefix_;
  std::unique_ptr<EngineSession> engine_;
  std::unique_ptr<ByteSink> reader_;
};

// A decrypted layer that holds nothing which RFC 8551 section 3.1 allows.
void report_odd_plaintext(Inspection &inspection, const Place &place);

} // namespace smime

#endif
