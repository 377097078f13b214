// What comes out of a layer: to the engine, and to detection as a message
// (RFC 8551 section 3.1) or as a file.
#ifndef SMIME_LAYER_CONTENT_H
#define SMIME_LAYER_CONTENT_H

#include "scanner/engines/engine.h"
#include "scanner/inspection/reader.h"
#include "scanner/mime/label-scan.h"

#include <memory>
#include <vector>

namespace smime {

class LayerContent : public ByteSink {
public:
  // As make_layer_reader().
  LayerContent(Inspection &inspection, Place place, bool decrypted);
  ~LayerContent() override;

  // It is a message, whatever it begins with: that is how it is opened.
  void take_as_mail() { is_mail_ = true; }

  void feed(Bytes bytes) override;
  void finish() override;

private:
  void decide();
  void look_for_labels(Bytes bytes);

  Inspection &inspection_;
  Place place_;
  bool decrypted_;
  bool is_mail_ = false;
  bool decided_ = false;
  std::vector<unsigned char> prefix_;
  std::unique_ptr<EngineSession> engine_;
  std::unique_ptr<ByteSink> reader_;
  std::unique_ptr<ByteSink> text_;
  LateLabelScan labels_;
};

} // namespace smime

#endif
