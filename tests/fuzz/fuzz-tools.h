// An inspection as the service has it: detection, an escrow key, and an engine
// that calls everything clean, so that only the scanner's own findings speak.
#ifndef SMIME_FUZZ_TOOLS_H
#define SMIME_FUZZ_TOOLS_H

#include "scanner/engines/engine.h"
#include "scanner/formats/detect.h"
#include "fuzz.h"
#include "scanner/cms/escrow-key.h"
#include "scanner/verify/verify.h"

namespace smime {

class CleanSession : public EngineSession {
public:
  void feed(Bytes) override {}
  EngineVerdict finish() override { return {ScanVerdict::clean, "none", ""}; }
};

class CleanEngine : public Engine {
public:
  std::unique_ptr<EngineSession> begin() override { return std::make_unique<CleanSession>(); }
};

// With the key in this process.
class LocalKeys : public ContentKeys {
public:
  explicit LocalKeys(std::unique_ptr<EscrowKey> key) : key_(std::move(key)) {}
  X509 *certificate() const override { return key_->certificate(); }
  ContentKey unwrap(const WrappedKey &wrapped) override { return key_->unwrap(wrapped); }
  void settle(bool) override {}

private:
  std::unique_ptr<EscrowKey> key_;
};

inline const Tools &fuzz_tools() {
  static std::string error;
  static CleanEngine engine;
  static const auto detector = Detector::create(error);
  static const char *key = getenv("SMIME_FUZZ_KEY");
  static const auto keys =
      key == nullptr ? nullptr : std::make_unique<LocalKeys>(EscrowKey::load(key, key, error));
  // A directory as trust_dir; the corpus's makes chains and CRLs be looked at.
  static const char *trust = getenv("SMIME_FUZZ_TRUST");
  static const auto store = trust != nullptr ? TrustStore::open(trust, error) : nullptr;
  static const Verifier verifier{store.get(), {}, 1275350400};
  static const Tools tools{detector.get(), keys.get(), &engine, &verifier};
  FUZZ_CHECK(trust == nullptr || store != nullptr);
  FUZZ_CHECK(detector != nullptr);
  FUZZ_CHECK(key == nullptr || keys->certificate() != nullptr);
  return tools;
}

inline Limits fuzz_limits() {
  Limits limits;
  limits.max_expanded_size = 4ULL * 1024 * 1024;
  limits.max_document_size = 1024ULL * 1024;
  limits.max_parts = 500;
  limits.max_depth = 20;
  limits.timeout = 5;
  return limits;
}

// What must hold of every report, whatever the message was.
inline void check_report(const Report &report) {
  FUZZ_CHECK(!report.classes.empty());
  FUZZ_CHECK(report.uninspectable.empty() || report.scan == ScanVerdict::uninspectable);
  // Nothing is verified unless somebody signed it.
  FUZZ_CHECK((report.signature != SignatureStatus::signed_verified &&
              report.signature != SignatureStatus::encrypted_signed_verified) ||
             !report.signers.empty());
  std::string json = to_json(report);
  FUZZ_CHECK(json.size() <= max_report_size);
  std::string error;
  auto again = report_from_json(json, error);
  FUZZ_CHECK(again.has_value());
  FUZZ_CHECK(to_json(*again) == json);
}

} // namespace smime

#endif
