#include "toolbox.h"

#include "clamd.h"
#include "compound-file.h"
#include "connector.h"
#include "detect.h"
#include "escrow.h"

#include <libxml/parser.h>
#include <openssl/crypto.h>
#include <qpdf/QPDF.hh>

namespace smime {
namespace {

// Libraries read their own files at first use; that is over before the sandbox.
void warm_up() {
  (void)OPENSSL_init_crypto(OPENSSL_INIT_ADD_ALL_CIPHERS | OPENSSL_INIT_ADD_ALL_DIGESTS, nullptr);
  xmlInitParser();
  (void)inspect_compound_file({});
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

std::unique_ptr<Toolbox> Toolbox::open(const ScannerConfig &config,
                                       const std::function<bool()> &drop, std::string &error) {
  std::unique_ptr<Toolbox> box(new Toolbox);
  // The helper is forked off before there is a key in memory.
  if (!config.clamd.empty()) {
    auto connector = Connector::start(config.clamd, drop, error);
    if (connector == nullptr)
      return nullptr;
    box->engine_ = std::make_unique<Clamd>(std::move(connector), config.limits.timeout);
    box->tools_.engine = box->engine_.get();
  }
  if (!config.escrow_key.empty()) {
    box->escrow_ = Escrow::load(config.escrow_key, config.escrow_certificate, error);
    if (box->escrow_ == nullptr)
      return nullptr;
    box->tools_.escrow = box->escrow_.get();
  }
  box->detector_ = Detector::create(error);
  if (box->detector_ == nullptr)
    return nullptr;
  box->tools_.detector = box->detector_.get();
  if (!config.trust.directory.empty()) {
    box->store_ = TrustStore::open(config.trust.directory, error);
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
