#include "scanner/cms/escrow-key.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/hmac.h>
#include <openssl/kdf.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <utility>

namespace smime {
namespace {

using KeyContextPtr = std::unique_ptr<EVP_PKEY_CTX, OpensslFree<EVP_PKEY_CTX_free>>;
using CipherContextPtr = std::unique_ptr<EVP_CIPHER_CTX, OpensslFree<EVP_CIPHER_CTX_free>>;
using KdfPtr = std::unique_ptr<EVP_KDF, OpensslFree<EVP_KDF_free>>;
using KdfContextPtr = std::unique_ptr<EVP_KDF_CTX, OpensslFree<EVP_KDF_CTX_free>>;

// The largest RSA modulus, and what comes out of ECDH or key wrap.
class Secret {
public:
  ~Secret() { OPENSSL_cleanse(bytes_.data(), bytes_.size()); }
  Secret() = default;
  Secret(const Secret &) = delete;
  Secret &operator=(const Secret &) = delete;
  unsigned char *data() { return bytes_.data(); }
  std::size_t size() const { return bytes_.size(); }
  unsigned char operator[](std::size_t at) const { return bytes_[at]; }

private:
  std::array<unsigned char, WrappedKey::max_encrypted + 64> bytes_{};
};

std::string openssl_error() {
  const char *reason = ERR_reason_error_string(ERR_peek_last_error());
  std::string text = reason == nullptr ? "unknown error" : reason;
  ERR_clear_error();
  return text;
}

BioPtr open_file(const char *setting, const std::string &file, std::string &error) {
  BioPtr bio(BIO_new_file(file.c_str(), "r"));
  if (bio == nullptr)
    error = std::string(setting) + ": " + file + ": " + std::strerror(errno);
  ERR_clear_error();
  return bio;
}

int no_password(char *, int, int, void *) { return -1; }

// --- without branches: a mask of all ones or of none

unsigned all_if_zero(unsigned value) {
  return static_cast<unsigned>(static_cast<int>(~value & (value - 1)) >> 31);
}

unsigned char choose(unsigned mask, unsigned char yes, unsigned char no) {
  return static_cast<unsigned char>((mask & yes) | (~mask & no));
}

// EME-PKCS1-v1_5 (RFC 8017 section 7.2.2) with a key of known size at the end: 0, 2, octets
// that are not 0, 0, the key. All of it is looked at, whatever is wrong.
unsigned is_pkcs1_padded(const Secret &block, std::size_t size, std::size_t key_size) {
  unsigned wrong = block[0];
  wrong |= block[1] ^ 2U;
  std::size_t end = size - key_size - 1;
  for (std::size_t at = 2; at < end; at++)
    wrong |= all_if_zero(block[at]);
  wrong |= block[end];
  return all_if_zero(wrong);
}

const char *name_of(KeyDigest digest) {
  return key_digest_names.at(static_cast<std::size_t>(digest));
}

bool set_oaep(EVP_PKEY_CTX *context, const WrappedKey &wrapped) {
  if (EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_OAEP_PADDING) <= 0 ||
      EVP_PKEY_CTX_set_rsa_oaep_md_name(context, name_of(wrapped.digest), nullptr) <= 0 ||
      EVP_PKEY_CTX_set_rsa_mgf1_md_name(context, name_of(wrapped.mask_digest), nullptr) <= 0)
    return false;
  if (wrapped.info.empty())
    return true;
  void *label = OPENSSL_memdup(wrapped.info.data(), wrapped.info.size());
  if (label != nullptr &&
      EVP_PKEY_CTX_set0_rsa_oaep_label(context, label, static_cast<int>(wrapped.info.size())) > 0)
    return true;
  OPENSSL_free(label);
  return false;
}

// ECDH with the point; false if it is none of the key's curve.
bool agree(EVP_PKEY *key, const std::vector<unsigned char> &point, Secret &shared,
           std::size_t &size) {
  KeyPtr peer(EVP_PKEY_new());
  if (peer == nullptr || EVP_PKEY_copy_parameters(peer.get(), key) <= 0 ||
      EVP_PKEY_set1_encoded_public_key(peer.get(), point.data(), point.size()) <= 0)
    return false;
  KeyContextPtr context(EVP_PKEY_CTX_new_from_pkey(nullptr, key, nullptr));
  size = shared.size();
  return context != nullptr && EVP_PKEY_derive_init(context.get()) > 0 &&
         EVP_PKEY_derive_set_peer(context.get(), peer.get()) > 0 &&
         EVP_PKEY_derive(context.get(), shared.data(), &size) > 0;
}

// ANSI X9.63, as RFC 5753 section 7.2 has it.
bool derive(Secret &shared, std::size_t size, const WrappedKey &wrapped, unsigned char *wrap_key) {
  KdfPtr kdf(EVP_KDF_fetch(nullptr, "X963KDF", nullptr));
  KdfContextPtr context(kdf == nullptr ? nullptr : EVP_KDF_CTX_new(kdf.get()));
  if (context == nullptr)
    return false;
  std::string digest = name_of(wrapped.digest);
  std::vector<unsigned char> info = wrapped.info;
  const std::array<OSSL_PARAM, 4> parameters{
      OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest.data(), 0),
      OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SECRET, shared.data(), size),
      OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, info.data(), info.size()),
      OSSL_PARAM_construct_end()};
  return EVP_KDF_derive(context.get(), wrap_key, wrapped.wrap_size, parameters.data()) > 0;
}

// RFC 3394.
bool unwrap_aes(const unsigned char *wrap_key, const WrappedKey &wrapped, Secret &key, int &size) {
  const EVP_CIPHER *cipher = wrapped.wrap_size == 16   ? EVP_aes_128_wrap()
                             : wrapped.wrap_size == 24 ? EVP_aes_192_wrap()
                                                       : EVP_aes_256_wrap();
  CipherContextPtr context(EVP_CIPHER_CTX_new());
  if (context == nullptr)
    return false;
  EVP_CIPHER_CTX_set_flags(context.get(), EVP_CIPHER_CTX_FLAG_WRAP_ALLOW);
  return EVP_DecryptInit_ex(context.get(), cipher, nullptr, wrap_key, nullptr) > 0 &&
         EVP_DecryptUpdate(context.get(), key.data(), &size, wrapped.encrypted.data(),
                           static_cast<int>(wrapped.encrypted.size())) > 0;
}

} // namespace

CertificatePtr load_escrow_certificate(const std::string &file, std::string &error) {
  BioPtr bio = open_file("escrow_certificate", file, error);
  if (bio == nullptr)
    return nullptr;
  CertificatePtr certificate(PEM_read_bio_X509(bio.get(), nullptr, no_password, nullptr));
  if (certificate == nullptr)
    error = "escrow_certificate: " + file + ": no PEM certificate in it: " + openssl_error();
  return certificate;
}

std::unique_ptr<EscrowKey> EscrowKey::load(const std::string &key_file,
                                           const std::string &certificate_file,
                                           std::string &error) {
  std::unique_ptr<EscrowKey> escrow(new EscrowKey);
  BioPtr bio = open_file("escrow_key", key_file, error);
  if (bio == nullptr)
    return nullptr;
  escrow->key_.reset(PEM_read_bio_PrivateKey(bio.get(), nullptr, no_password, nullptr));
  if (escrow->key_ == nullptr) {
    error = "escrow_key: " + key_file +
            ": no PEM private key without a password in it: " + openssl_error();
    return nullptr;
  }
  escrow->certificate_ = load_escrow_certificate(certificate_file, error);
  if (escrow->certificate_ == nullptr)
    return nullptr;
  if (X509_check_private_key(escrow->certificate_.get(), escrow->key_.get()) != 1) {
    error =
        "escrow_key: " + key_file + ": does not belong to the certificate in " + certificate_file;
    ERR_clear_error();
    return nullptr;
  }
  unsigned char *der = nullptr;
  int size = i2d_PrivateKey(escrow->key_.get(), &der);
  if (size > 0)
    (void)EVP_Digest(der, static_cast<std::size_t>(size), escrow->seed_.data(), nullptr,
                     EVP_sha256(), nullptr);
  OPENSSL_clear_free(der, static_cast<std::size_t>(std::max(size, 0)));
  return escrow;
}

EscrowKey::~EscrowKey() { OPENSSL_cleanse(seed_.data(), seed_.size()); }

ContentKey EscrowKey::rejected_key(const WrappedKey &wrapped) const {
  ContentKey key(wrapped.key_size);
  std::array<unsigned char, max_content_key> digest{};
  static_assert(max_content_key == 64); // of SHA-512
  (void)HMAC(EVP_sha512(), seed_.data(), static_cast<int>(seed_.size()), wrapped.encrypted.data(),
             wrapped.encrypted.size(), digest.data(), nullptr);
  std::copy_n(digest.begin(), wrapped.key_size, key.data());
  OPENSSL_cleanse(digest.data(), digest.size());
  return key;
}

// The mask says whether key is the one that was in there.
unsigned EscrowKey::unwrap_pkcs1(const WrappedKey &wrapped, ContentKey &key) const {
  auto modulus = static_cast<std::size_t>(EVP_PKEY_get_size(key_.get()));
  if (EVP_PKEY_is_a(key_.get(), "RSA") == 0 || wrapped.encrypted.size() != modulus ||
      modulus < wrapped.key_size + 11)
    return 0;
  KeyContextPtr context(EVP_PKEY_CTX_new_from_pkey(nullptr, key_.get(), nullptr));
  Secret block;
  std::size_t size = block.size();
  if (context == nullptr || EVP_PKEY_decrypt_init(context.get()) <= 0 ||
      EVP_PKEY_CTX_set_rsa_padding(context.get(), RSA_NO_PADDING) <= 0 ||
      EVP_PKEY_decrypt(context.get(), block.data(), &size, wrapped.encrypted.data(),
                       wrapped.encrypted.size()) <= 0 ||
      size != modulus)
    return 0; // no number below the modulus, which anybody can see
  std::copy_n(block.data() + size - wrapped.key_size, wrapped.key_size, key.data());
  return is_pkcs1_padded(block, size, wrapped.key_size);
}

unsigned EscrowKey::unwrap_oaep(const WrappedKey &wrapped, ContentKey &key) const {
  KeyContextPtr context(EVP_PKEY_CTX_new_from_pkey(nullptr, key_.get(), nullptr));
  Secret plain;
  std::size_t size = plain.size();
  if (EVP_PKEY_is_a(key_.get(), "RSA") == 0 || context == nullptr ||
      EVP_PKEY_decrypt_init(context.get()) <= 0 || !set_oaep(context.get(), wrapped) ||
      EVP_PKEY_decrypt(context.get(), plain.data(), &size, wrapped.encrypted.data(),
                       wrapped.encrypted.size()) <= 0 ||
      size != wrapped.key_size)
    return 0;
  std::copy_n(plain.data(), size, key.data());
  return ~0U;
}

unsigned EscrowKey::unwrap_ecdh(const WrappedKey &wrapped, ContentKey &key) const {
  Secret shared;
  Secret plain;
  std::array<unsigned char, 32> wrap_key{};
  std::size_t shared_size = 0;
  int size = 0;
  bool ok = EVP_PKEY_is_a(key_.get(), "EC") != 0 &&
            agree(key_.get(), wrapped.point, shared, shared_size) &&
            derive(shared, shared_size, wrapped, wrap_key.data()) &&
            unwrap_aes(wrap_key.data(), wrapped, plain, size) &&
            static_cast<std::size_t>(size) == wrapped.key_size;
  OPENSSL_cleanse(wrap_key.data(), wrap_key.size());
  if (!ok)
    return 0;
  std::copy_n(plain.data(), wrapped.key_size, key.data());
  return ~0U;
}

ContentKey EscrowKey::unwrap(const WrappedKey &wrapped) const {
  ContentKey key(wrapped.key_size);
  ContentKey rejected = rejected_key(wrapped);
  unsigned is_right = 0;
  switch (wrapped.kind) {
  case WrappedKey::Kind::rsa_pkcs1: is_right = unwrap_pkcs1(wrapped, key); break;
  case WrappedKey::Kind::rsa_oaep: is_right = unwrap_oaep(wrapped, key); break;
  case WrappedKey::Kind::ecdh: is_right = unwrap_ecdh(wrapped, key); break;
  }
  ERR_clear_error();
  for (std::size_t at = 0; at < key.size(); at++)
    key.data()[at] = choose(is_right, key.data()[at], rejected.data()[at]);
  return key;
}

ContentKey EscrowKey::refuse(const WrappedKey &wrapped) const {
  (void)unwrap(wrapped);
  return rejected_key(wrapped);
}

} // namespace smime
