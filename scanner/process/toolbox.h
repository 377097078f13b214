// Everything that has to be loaded, read or started before the sandbox closes.
#ifndef SMIME_TOOLBOX_H
#define SMIME_TOOLBOX_H

#include "scanner/inspection/inspection.h"
#include "scanner/process/config.h"
#include "scanner/process/key-process.h"
#include "scanner/verify/absent-directory.h"
#include "scanner/verify/verify.h"

#include <functional>
#include <memory>
#include <string>

namespace smime {

class Toolbox {
public:
  // How the helper processes come to their place: each gives up its privileges with a
  // function that returns false if it cannot.
  struct Helpers {
    // The one that connects to engines.
    std::function<bool()> drop_connector;
    // The one that has the escrow key, and the file where it counts (KeyFiles).
    std::function<bool()> drop_key;
    std::string failures_file;
  };
  // Returns null with error set, naming the setting or file.
  static std::unique_ptr<Toolbox> open(const ScannerConfig &config, const Helpers &helpers,
                                       std::string &error);
  ~Toolbox();
  Toolbox(const Toolbox &) = delete;
  Toolbox &operator=(const Toolbox &) = delete;

  const Tools &tools() const { return tools_; }
  // Null without an escrow key.
  KeyProcess *keys() const { return keys_.get(); }
  // For files of the past: verification as of that time.
  void verify_at(std::int64_t time) { verifier_.at = time; }
  // When the next message arrived; nullopt: now.
  void set_arrival(std::optional<std::int64_t> time) { verifier_.arrival = time; }
  // Whether the trust store is not the one that was read; a process then ends
  // and leaves mail to one that reads it anew, because it cannot itself.
  bool is_outdated() {
    return (store_ != nullptr && store_->changed()) ||
           (absent_store_ != nullptr && absent_store_->has_come());
  }
  // What does not stop the scanner, and the operator should know; empty if there is nothing.
  const std::string &warning() const { return warning_; }

private:
  Toolbox();
  std::unique_ptr<Detector> detector_;
  std::unique_ptr<KeyProcess> keys_;
  std::unique_ptr<Engine> engine_;
  std::unique_ptr<TrustStore> store_;
  std::unique_ptr<AbsentDirectory> absent_store_;
  std::string warning_;
  Verifier verifier_;
  Tools tools_;
};

} // namespace smime

#endif
