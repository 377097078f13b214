// The process that has the escrow key, and nothing else: it takes content keys out of what
// they are encrypted in, and counts what could not be opened. It parses no message and no
// ASN.1; the scanner, which does, never has the private key in its memory.
#ifndef SMIME_KEY_PROCESS_H
#define SMIME_KEY_PROCESS_H

#include "scanner/base/openssl-ptr.h"
#include "scanner/cms/content-key.h"
#include "scanner/process/failure-table.h"

#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace smime {

struct KeyFiles {
  std::string key;
  std::string certificate;
  // Where failures are counted; empty: nowhere.
  std::string failures;
};

class KeyProcess : public ContentKeys {
public:
  // Starts the process, before the sandbox is entered; the files are read by it before it
  // gives up its privileges with drop. Returns null with error set, naming the file.
  static std::unique_ptr<KeyProcess> start(const KeyFiles &files, const std::function<bool()> &drop,
                                           std::string &error);
  ~KeyProcess() override;
  KeyProcess(const KeyProcess &) = delete;
  KeyProcess &operator=(const KeyProcess &) = delete;

  // Whose message comes next (failure_key()); nullopt: what cannot be opened of it is not
  // counted, and its sender has no share that it could use up.
  void begin_message(std::optional<std::uint64_t> sender);

  X509 *certificate() const override { return certificate_.get(); }
  ContentKey unwrap(const WrappedKey &wrapped) override;
  void settle(bool opened) override;

  // The process is gone, or what it said makes no sense: what was made of the message is
  // not to be used.
  bool is_broken() const { return broken_; }
  // Of the failures of the message.
  const FailureCount &failures() const { return failures_; }

private:
  KeyProcess(int fd, CertificatePtr certificate);
  bool ask(const std::string &question, void *answer, std::size_t size);

  int fd_;
  CertificatePtr certificate_;
  std::optional<std::uint64_t> sender_;
  FailureCount failures_;
  bool broken_ = false;
};

} // namespace smime

#endif
