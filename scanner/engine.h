// A virus scanner: one interface, one file for each engine.
#ifndef SMIME_ENGINE_H
#define SMIME_ENGINE_H

#include "byte-sink.h"
#include "inspection.h"

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
