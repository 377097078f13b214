// A virus scanner: one interface, one file for each engine. An engine is a class of these two, made
// in process/toolbox.cpp from its setting in smime-scanner.conf (process/config.cpp).
#ifndef SMIME_ENGINE_H
#define SMIME_ENGINE_H

#include "common/byte-sink.h"
#include "scanner/inspection/inspection.h"

#include <memory>

namespace smime {

// One stream of bytes that the engine looks at.
class EngineSession {
public:
  virtual ~EngineSession() = default;
  // Never fails at once: what goes wrong is the verdict.
  virtual void feed(Bytes bytes) = 0;
  // Waits for the answer.
  virtual EngineVerdict finish() = 0;
};

class Engine {
public:
  virtual ~Engine() = default;
  virtual std::unique_ptr<EngineSession> begin() = 0;
};

} // namespace smime

#endif
