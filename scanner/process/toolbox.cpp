#include "scanner/process/toolbox.h"

#include "scanner/engines/clamd.h"
#include "scanner/engines/connector.h"
#include "scanner/formats/compound-file.h"
#include "scanner/formats/detect.h"

#include <libxml/parser.h>
#include <openssl/crypto.h>
#include <qpdf/QPDF.hh>

namespace smime {
namespace {

// Libraries read their own files at first use; that is over before the sandbox.
void warm_up() {
  (void)OPENSSL_init_crypto(OPENSSL_INIT_ADD_ALL_CIPHERS | OPENSSL_INIT_ADD_ALL_DIGESTS, nullptr);
  xmlInitParser();
  prepare_libgsf();
  try {
    QPDF pdf;
    pdf.emptyPDF();
  } catch (const std::exception &) {
    // A library that does not start here reports each PDF as unreadable.
  }
}

} // namespace

Toolbox::Toolbox() = default;
Toolbox::~Toolbox() = default;

std::unique_ptr<Toolbox> Toolbox::open(const ScannerConfig &config, const Helpers &helpers,
                                       std::string &error) {
  std::unique_ptr<Toolbox> box(new Toolbox);
  if (!config.clamd.empty()) {
    auto connector = Connector::start(config.clamd, helpers.drop_connector, error);
    if (connector == nullptr)
      return nullptr;
    box->engine_ = std::make_unique<Clamd>(std::move(connector), config.limits.timeout);
    box->tools_.engine = box->engine_.get();
  }
  if (!config.escrow_key.empty()) {
    box->keys_ =
        KeyProcess::start({config.escrow_key, config.escrow_certificate, helpers.failures_file},
                          helpers.drop_key, error);
    if (box->keys_ == nullptr)
      return nullptr;
    box->tools_.keys = box->keys_.get();
  }
  box->detector_ = Detector::create(error);
  if (box->detector_ == nullptr)
    return nullptr;
  box->tools_.detector = box->detector_.get();
  const std::string &trust_dir = config.trust.directory;
  if (!trust_dir.empty())
    box->absent_store_ = AbsentDirectory::watch(trust_dir);
  // Mail is not to wait for a directory without which it can be looked into all the same.
  if (box->absent_store_ != nullptr) {
    box->warning_ = "trust_dir: " + trust_dir +
                    " is not there: whose signatures they are is not checked until it is "
                    "(doveadm smime trust import FILE makes it)";
  } else if (!trust_dir.empty()) {
    box->store_ = TrustStore::open(trust_dir, error);
    if (box->store_ == nullptr)
      return nullptr;
  }
  box->verifier_.store = box->store_.get();
  box->verifier_.config = config.trust;
  box->tools_.verifier = &box->verifier_;
  warm_up();
  return box;
}

} // namespace smime
