// A whole message on its way through the scanner: to the engine, to the MIME
// walk, and to detection if it is no message but a bare file.
#ifndef SMIME_MESSAGE_READER_H
#define SMIME_MESSAGE_READER_H

#include "scanner/engines/engine.h"
#include "scanner/inspection/inspection.h"
#include "scanner/mime/label-scan.h"

#include <memory>
#include <vector>

namespace smime {

class MessageReader : public ByteSink {
public:
  explicit MessageReader(Inspection &inspection);

  void feed(Bytes bytes) override;
  void finish() override;

private:
  void decide();
  void read(Bytes bytes);

  Inspection &inspection_;
  std::unique_ptr<EngineSession> engine_;
  std::unique_ptr<ByteSink> walk_;
  LateLabelScan labels_;
  std::vector<unsigned char> prefix_;
  bool decided_ = false;
  std::unique_ptr<ByteSink> file_;
};

} // namespace smime

#endif
