#include "tests/unit/escrow.h"

#include "tests/unit/test-ca.h"

#include <cstdlib>
#include <filesystem>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>
#include <unistd.h>

#include <CppUTest/TestHarness.h>

namespace smime {
namespace {

void add_key_id(X509 *certificate) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, certificate, certificate, nullptr, nullptr, 0);
  X509_EXTENSION *extension =
      X509V3_EXT_conf_nid(nullptr, &context, NID_subject_key_identifier, "hash");
  CHECK(extension != nullptr);
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
}

Ca make_party(const char *name, TestKey kind) {
  Ca party;
  party.key = kind == TestKey::rsa ? EVP_RSA_gen(2048) : EVP_EC_gen("P-256");
  party.certificate = X509_new();
  X509_set_version(party.certificate, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(party.certificate), 4711);
  X509_gmtime_adj(X509_getm_notBefore(party.certificate), 0);
  X509_gmtime_adj(X509_getm_notAfter(party.certificate), 86400);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(party.certificate), "CN", MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char *>(name), -1, -1, 0);
  X509_set_issuer_name(party.certificate, X509_get_subject_name(party.certificate));
  X509_set_pubkey(party.certificate, party.key);
  add_key_id(party.certificate);
  CHECK(X509_sign(party.certificate, party.key, EVP_sha256()) > 0);
  return party;
}

void add_recipient(CMS_ContentInfo *cms, X509 *certificate, const Encryption &how, unsigned flags) {
  bool oaep = how.oaep_digest != nullptr;
  if (how.by_key_id)
    flags |= CMS_USE_KEYID;
  CMS_RecipientInfo *info =
      CMS_add1_recipient_cert(cms, certificate, flags | (oaep ? CMS_KEY_PARAM : 0U));
  CHECK(info != nullptr);
  if (!oaep)
    return;
  EVP_PKEY_CTX *context = CMS_RecipientInfo_get0_pkey_ctx(info);
  CHECK(EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_OAEP_PADDING) > 0);
  CHECK(EVP_PKEY_CTX_set_rsa_oaep_md_name(context, how.oaep_digest, nullptr) > 0);
  CHECK(EVP_PKEY_CTX_set_rsa_mgf1_md_name(context, how.mask_digest, nullptr) > 0);
  if (how.oaep_label.empty())
    return;
  void *label = OPENSSL_memdup(how.oaep_label.data(), how.oaep_label.size());
  CHECK(EVP_PKEY_CTX_set0_rsa_oaep_label(context, label, static_cast<int>(how.oaep_label.size())) >
        0);
}

} // namespace

std::unique_ptr<EscrowKey> make_escrow_key(TestKey kind) {
  Ca party = make_party("Escrow", kind);
  std::filesystem::path file = "/tmp/smime-escrow-" + std::to_string(getpid());
  BIO *bio = BIO_new(BIO_s_mem());
  PEM_write_bio_PrivateKey(bio, party.key, nullptr, nullptr, 0, nullptr, nullptr);
  write(file, text_of(bio) + pem(party));
  std::string error;
  auto key = EscrowKey::load(file, file, error);
  std::filesystem::remove(file);
  CHECK_TEXT(key != nullptr, error.c_str());
  return key;
}

std::vector<unsigned char> encrypt(X509 *certificate, const std::string &entity,
                                   const Encryption &how) {
  static const Ca other = make_party("Somebody", TestKey::rsa);
  const unsigned flags = CMS_BINARY | CMS_PARTIAL;
  BIO *data = BIO_new_mem_buf(entity.data(), static_cast<int>(entity.size()));
  CMS_ContentInfo *cms = CMS_encrypt(nullptr, data, EVP_get_cipherbyname(how.cipher), flags);
  CHECK(cms != nullptr);
  add_recipient(cms, other.certificate, {}, 0);
  add_recipient(cms, certificate, how, 0);
  CHECK(CMS_final(cms, data, nullptr, CMS_BINARY) == 1);
  unsigned char *der = nullptr;
  int size = i2d_CMS_ContentInfo(cms, &der);
  CHECK(size > 0);
  std::vector<unsigned char> object(der, der + size);
  OPENSSL_free(der);
  CMS_ContentInfo_free(cms);
  BIO_free(data);
  return object;
}

} // namespace smime
