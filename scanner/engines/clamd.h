// ClamAV's daemon, by INSTREAM (clamd(8)).
#ifndef SMIME_CLAMD_H
#define SMIME_CLAMD_H

#include "scanner/engines/connector.h"
#include "scanner/engines/engine.h"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace smime {

class Clamd : public Engine {
public:
  // timeout: seconds that one answer may take.
  Clamd(std::unique_ptr<Connector> connector, std::uint64_t timeout)
      : connector_(std::move(connector)), timeout_(timeout) {}

  std::unique_ptr<EngineSession> begin() override;

  // A connected socket on which a stream was begun, or -1 with what went wrong
  // added to error.
  int open_stream(std::size_t index, std::string &error);
  std::size_t address_count() const { return connector_->addresses().size(); }
  const std::string &address(std::size_t index) const { return connector_->addresses()[index]; }
  // The address that is tried first: the one that answered last.
  std::size_t preferred() const { return preferred_; }
  void prefer(std::size_t index) { preferred_ = index % address_count(); }

private:
  std::unique_ptr<Connector> connector_;
  std::uint64_t timeout_;
  std::size_t preferred_ = 0;
};

// What clamd's answer (without its final NUL) means. What it could not look
// into, because it is encrypted or beyond a limit, is uninspectable.
EngineVerdict parse_clamd_answer(std::string_view answer);

} // namespace smime

#endif
