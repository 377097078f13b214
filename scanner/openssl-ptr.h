// Owners of OpenSSL's objects.
#ifndef SMIME_OPENSSL_PTR_H
#define SMIME_OPENSSL_PTR_H

#include <memory>
#include <openssl/asn1.h>
#include <openssl/bio.h>
#include <openssl/cms.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

namespace smime {

template <auto release> struct OpensslFree {
  template <typename T> void operator()(T *object) const { release(object); }
};

using AlgorithmPtr = std::unique_ptr<X509_ALGOR, OpensslFree<X509_ALGOR_free>>;
using BioPtr = std::unique_ptr<BIO, OpensslFree<BIO_free_all>>;
using CertificatePtr = std::unique_ptr<X509, OpensslFree<X509_free>>;
using CmsPtr = std::unique_ptr<CMS_ContentInfo, OpensslFree<CMS_ContentInfo_free>>;
using KeyPtr = std::unique_ptr<EVP_PKEY, OpensslFree<EVP_PKEY_free>>;
using ObjectPtr = std::unique_ptr<ASN1_OBJECT, OpensslFree<ASN1_OBJECT_free>>;

} // namespace smime

#endif
