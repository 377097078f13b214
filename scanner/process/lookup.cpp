#include "scanner/process/lookup.h"

#include "scanner/cms/escrow-key.h"
#include "scanner/process/peers.h"
#include "scanner/verify/trust-store.h"
#include "scanner/x509/certificates.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <sys/stat.h>
#include <unistd.h>

namespace smime {
namespace {

ObjectFacts facts_of(const TrustEntry &entry) {
  ObjectFacts facts;
  facts.kind = name_of(entry.kind);
  facts.file = entry.file;
  facts.domain = entry.domain;
  facts.subject = entry.subject;
  facts.issuer = entry.issuer;
  facts.serial = entry.serial;
  facts.aki = entry.aki;
  facts.ski = entry.ski;
  facts.sha256 = entry.sha256;
  facts.not_before = entry.not_before;
  facts.not_after = entry.not_after;
  facts.problems = entry.problems;
  if (facts.problems.size() > max_fact_list)
    facts.problems.resize(max_fact_list);
  return facts;
}

template <typename Object, typename Encode> std::string base64_der(Object *object, Encode encode) {
  unsigned char *der = nullptr;
  int size = encode(object, &der);
  if (size <= 0)
    return {};
  std::string text(static_cast<std::size_t>(size + 2) / 3 * 4 + 1, '\0');
  int length = EVP_EncodeBlock(reinterpret_cast<unsigned char *>(text.data()), der, size);
  OPENSSL_free(der);
  text.resize(static_cast<std::size_t>(std::max(length, 0)));
  return text;
}

ObjectFacts facts_of(X509 *certificate, std::int64_t now) {
  ObjectFacts facts = facts_of(describe(certificate, now));
  facts.email = addresses_of(certificate).addresses;
  if (facts.email.size() > max_fact_list)
    facts.email.resize(max_fact_list);
  std::string why;
  if (!may_sign_mail(certificate, why))
    facts.not_for_mail = why.empty() ? "it is not for mail" : why;
  facts.crl_address = crl_address(certificate);
  facts.der = base64_der(certificate, i2d_X509);
  return facts;
}

ObjectFacts facts_of(X509_CRL *crl, std::int64_t now) {
  ObjectFacts facts = facts_of(describe(crl, now));
  facts.der = base64_der(crl, i2d_X509_CRL);
  return facts;
}

PathFacts path_facts(const char *setting, const std::string &path) {
  PathFacts facts{setting, path, 0, 0, {}};
  struct stat status {};
  if (stat(path.c_str(), &status) < 0) {
    facts.error = std::strerror(errno);
    return facts;
  }
  facts.mode = status.st_mode & 07777U;
  facts.owner = status.st_uid;
  return facts;
}

} // namespace

StoreFacts store_facts(const TrustConfig &config) {
  StoreFacts facts;
  facts.directory = config.directory;
  switch (config.crl_policy) {
  case CrlPolicy::require: facts.crl_policy = "require"; break;
  case CrlPolicy::soft: facts.crl_policy = "soft"; break;
  case CrlPolicy::off: facts.crl_policy = "off"; break;
  }
  if (config.directory.empty())
    return facts;
  auto store = TrustStore::open(config.directory, facts.error);
  if (store == nullptr)
    return facts;
  for (const TrustEntry &entry : store->entries()) {
    if (facts.objects.size() < max_fact_objects)
      facts.objects.push_back(facts_of(entry));
  }
  facts.problems = store->problems();
  if (facts.problems.size() > max_fact_objects)
    facts.problems.resize(max_fact_objects);
  return facts;
}

FileFacts file_facts(const std::string &name, std::span<const unsigned char> bytes,
                     std::int64_t now) {
  FileFacts facts;
  facts.file = name;
  TrustObjects objects;
  if (!parse_trust_file(bytes, objects, facts.error))
    return facts;
  for (const CertificatePtr &certificate : objects.certificates) {
    if (facts.objects.size() < max_fact_objects)
      facts.objects.push_back(facts_of(certificate.get(), now));
  }
  for (const CrlPtr &crl : objects.crls) {
    if (facts.objects.size() < max_fact_objects)
      facts.objects.push_back(facts_of(crl.get(), now));
  }
  ERR_clear_error();
  return facts;
}

HealthFacts health_facts(const std::string &file, const ScannerConfig &config,
                         const std::string &version) {
  HealthFacts facts;
  facts.version = version;
  facts.config = file;
  facts.timeout = config.limits.timeout;
  facts.max_document_size = config.limits.max_document_size;
  facts.max_opened_size = config.escrow_key.empty() ? 0 : config.limits.max_opened_size;
  facts.clamd = config.clamd;
  facts.trusted_users = config.trusted_users;
  (void)Peers::resolve(config.trusted_users, getuid(), facts.config_error);
  if (!config.escrow_key.empty()) {
    facts.paths.push_back(path_facts("escrow_key", config.escrow_key));
    facts.paths.push_back(path_facts("escrow_certificate", config.escrow_certificate));
    (void)EscrowKey::load(config.escrow_key, config.escrow_certificate, facts.escrow_error);
  }
  if (!config.trust.directory.empty())
    facts.paths.push_back(path_facts("trust_dir", config.trust.directory));
  facts.report_certificates = config.trust.report_certificates;
  facts.trust = store_facts(config.trust);
  return facts;
}

} // namespace smime
