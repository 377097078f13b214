#include "common/ascii.h"
#include "scanner/verify/trust-store.h"

#include "scanner/base/scan-limits.h"

#include <cstring>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/pkcs7.h>
#include <utility>

namespace smime {
namespace {

using Pkcs7Ptr = std::unique_ptr<PKCS7, OpensslFree<PKCS7_free>>;

// Objects of one file; a CA bundle has some hundred.
constexpr std::size_t max_objects = 4096;

std::string openssl_reason() {
  const char *reason = ERR_reason_error_string(ERR_peek_last_error());
  std::string text = reason == nullptr ? "unknown error" : reason;
  ERR_clear_error();
  return text;
}

void take_bundle(const PKCS7 *bundle, TrustObjects &objects) {
  if (OBJ_obj2nid(bundle->type) != NID_pkcs7_signed || bundle->d.sign == nullptr)
    return;
  STACK_OF(X509) *certificates = bundle->d.sign->cert;
  for (int i = 0; i < sk_X509_num(certificates); i++) {
    X509 *certificate = sk_X509_value(certificates, i);
    if (objects.certificates.size() < max_objects && X509_up_ref(certificate) == 1)
      objects.certificates.emplace_back(certificate);
  }
  STACK_OF(X509_CRL) *crls = bundle->d.sign->crl;
  for (int i = 0; i < sk_X509_CRL_num(crls); i++) {
    X509_CRL *crl = sk_X509_CRL_value(crls, i);
    if (objects.crls.size() < max_objects && X509_CRL_up_ref(crl) == 1)
      objects.crls.emplace_back(crl);
  }
}

// Reads one object of that type from the whole of der.
template <typename Object, typename Read> Object *read_der(Bytes der, Read read) {
  const unsigned char *at = der.data();
  Object *object = read(nullptr, &at, static_cast<long>(der.size()));
  ERR_clear_error();
  return object;
}

bool take_der(Bytes der, TrustObjects &objects) {
  if (auto *certificate = read_der<X509>(der, d2i_X509)) {
    objects.certificates.emplace_back(certificate);
    return true;
  }
  if (auto *crl = read_der<X509_CRL>(der, d2i_X509_CRL)) {
    objects.crls.emplace_back(crl);
    return true;
  }
  Pkcs7Ptr bundle(read_der<PKCS7>(der, d2i_PKCS7));
  if (bundle == nullptr)
    return false;
  take_bundle(bundle.get(), objects);
  return true;
}

// What a PEM block's name promises. Trusted certificates carry rules of
// OpenSSL's own behind the certificate, which is read alone.
bool take_block(std::string_view name, Bytes der, TrustObjects &objects, std::string &error) {
  if (name.find("PRIVATE KEY") != std::string_view::npos) {
    error = "there is a private key in it, which does not belong here";
    return false;
  }
  bool known = name == "CERTIFICATE" || name == "X509 CERTIFICATE" ||
               name == "TRUSTED CERTIFICATE" || name == "X509 CRL" || name == "PKCS7" ||
               name == "CMS" || name == "PKCS #7 SIGNED DATA";
  if (!known)
    return true; // parameters and the like
  if (take_der(der, objects))
    return true;
  error = "damaged " + std::string(name) + " block";
  return false;
}

bool take_pem(Bytes bytes, TrustObjects &objects, std::string &error) {
  BioPtr bio(BIO_new_mem_buf(bytes.data(), static_cast<int>(bytes.size())));
  for (std::size_t count = 0; bio != nullptr && count < max_objects; count++) {
    char *name = nullptr;
    char *header = nullptr;
    unsigned char *data = nullptr;
    long size = 0;
    if (PEM_read_bio(bio.get(), &name, &header, &data, &size) != 1) {
      bool at_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
      std::string reason = openssl_reason();
      if (!at_end)
        error = "damaged PEM: " + reason;
      return at_end;
    }
    bool ok = take_block(name, {data, static_cast<std::size_t>(size)}, objects, error);
    OPENSSL_free(name);
    OPENSSL_free(header);
    OPENSSL_clear_free(data, static_cast<std::size_t>(size));
    if (!ok)
      return false;
  }
  return true;
}

} // namespace

bool parse_trust_file(Bytes bytes, TrustObjects &objects, std::string &error) {
  if (bytes.size() > max_trust_file_size) {
    error = "larger than " + std::to_string(max_trust_file_size) + " bytes";
    return false;
  }
  std::string_view text = as_text(bytes);
  bool is_pem = text.find("-----BEGIN ") != std::string_view::npos;
  if (is_pem ? !take_pem(bytes, objects, error) : !take_der(bytes, objects)) {
    if (error.empty())
      error = "neither PEM nor a certificate, CRL or PKCS #7 bundle in DER";
    return false;
  }
  if (objects.certificates.empty() && objects.crls.empty()) {
    error = "no certificate and no CRL in it";
    return false;
  }
  return true;
}

} // namespace smime
