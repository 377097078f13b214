// Everything that has to be loaded, read or started before the sandbox closes.
#ifndef SMIME_TOOLBOX_H
#define SMIME_TOOLBOX_H

#include "inspection.h"
#include "scanner-config.h"
#include "verify.h"

#include <functional>
#include <memory>
#include <string>

namespace smime {

class Toolbox {
public:
  // drop gives up the privileges of the helper process that connects to
  // engines. Returns null with error set, naming the setting or file.
  static std::unique_ptr<Toolbox> open(const ScannerConfig &config,
                                       const std::function<bool()> &drop, std::string &error);
  ~Toolbox();
  Toolbox(const Toolbox &) = delete;
  Toolbox &operator=(const Toolbox &) = delete;

  const Tools &tools() const { return tools_; }
  // For files of the past: verification as of that time.
  void verify_at(std::int64_t time) { verifier_.at = time; }
  // Whether the trust store is not the one that was read; a process then ends
  // and leaves mail to one that reads it anew, because it cannot itself.
  bool is_outdated() { return store_ != nullptr && store_->changed(); }

private:
  Toolbox();
  std::unique_ptr<Detector> detector_;
  std::unique_ptr<Escrow> escrow_;
  std::unique_ptr<Engine> engine_;
  std::unique_ptr<TrustStore> store_;
  Verifier verifier_;
  Tools tools_;
};

} // namespace smime

#endif
