#include "escrow.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/objects.h>
#include <openssl/pem.h>
#include <utility>
#include <vector>

namespace smime {
namespace {

using Buffer = std::vector<unsigned char>;

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

void append(Buffer &to, Bytes bytes) { to.insert(to.end(), bytes.begin(), bytes.end()); }

// The object up to its content, with nothing behind it. AuthEnvelopedData gets
// an empty MAC: the plaintext is looked at before the MAC is known, and what a
// wrong MAC covers no reader opens.
Buffer object_without_content(const CmsHead &head) {
  bool authenticated = head.type == CmsType::auth_enveloped_data;
  Buffer object{0x30, 0x80};
  std::array<unsigned char, 32> oid{};
  unsigned char *end = oid.data();
  int size = i2d_ASN1_OBJECT(
      OBJ_nid2obj(authenticated ? NID_id_smime_ct_authEnvelopedData : NID_pkcs7_enveloped), &end);
  append(object, {oid.data(), static_cast<std::size_t>(size)});
  object.insert(object.end(), {0xa0, 0x80, 0x30, 0x80});
  append(object, head.before);
  object.insert(object.end(), {0x30, 0x80});
  append(object, head.content_type);
  append(object, head.algorithm);
  object.insert(object.end(), {0x00, 0x00});
  if (authenticated) {
    object.insert(object.end(), {0x04, 0x10});
    object.insert(object.end(), 16, 0x00);
  }
  object.insert(object.end(), {0x00, 0x00, 0x00, 0x00, 0x00, 0x00});
  return object;
}

class Decrypter : public ByteSink {
public:
  Decrypter(CmsPtr cms, std::unique_ptr<ByteSink> inside, std::function<void()> failed)
      : cms_(std::move(cms)), inside_(std::move(inside)), failed_(std::move(failed)) {}
  ~Decrypter() override { OPENSSL_cleanse(plain_.data(), plain_.size()); }

  bool begin() {
    source_ = BIO_new(BIO_s_mem());
    if (source_ == nullptr)
      return false;
    BIO_set_mem_eof_return(source_, -1); // more will come
    chain_.reset(CMS_dataInit(cms_.get(), source_));
    if (chain_ == nullptr)
      BIO_free(source_);
    return chain_ != nullptr;
  }
  std::unique_ptr<ByteSink> take_inside() { return std::move(inside_); }

  void feed(Bytes bytes) override {
    while (!bytes.empty()) {
      Bytes piece = bytes.first(std::min<std::size_t>(bytes.size(), 65536));
      if (BIO_write(source_, piece.data(), static_cast<int>(piece.size())) <= 0)
        return;
      bytes = bytes.subspan(piece.size());
      pass_on();
    }
  }
  void finish() override {
    BIO_set_mem_eof_return(source_, 0);
    pass_on();
    ERR_clear_error();
    if (BIO_get_cipher_status(chain_.get()) != 1 && failed_)
      failed_();
    inside_->finish();
  }

private:
  void pass_on() {
    int size;
    while ((size = BIO_read(chain_.get(), plain_.data(), static_cast<int>(plain_.size()))) > 0)
      inside_->feed({plain_.data(), static_cast<std::size_t>(size)});
  }

  CmsPtr cms_;
  std::unique_ptr<ByteSink> inside_;
  std::function<void()> failed_;
  BIO *source_ = nullptr; // the end of chain_
  BioPtr chain_;
  std::array<unsigned char, 16384> plain_{};
};

} // namespace

std::unique_ptr<Escrow> Escrow::load(const std::string &key_file,
                                     const std::string &certificate_file, std::string &error) {
  auto escrow = std::make_unique<Escrow>();
  BioPtr bio = open_file("escrow_key", key_file, error);
  if (bio == nullptr)
    return nullptr;
  escrow->key_.reset(PEM_read_bio_PrivateKey(bio.get(), nullptr, no_password, nullptr));
  if (escrow->key_ == nullptr) {
    error = "escrow_key: " + key_file + ": no PEM private key without a password in it: " + openssl_error();
    return nullptr;
  }
  bio = open_file("escrow_certificate", certificate_file, error);
  if (bio == nullptr)
    return nullptr;
  escrow->certificate_.reset(PEM_read_bio_X509(bio.get(), nullptr, no_password, nullptr));
  if (escrow->certificate_ == nullptr) {
    error = "escrow_certificate: " + certificate_file + ": no PEM certificate in it: " + openssl_error();
    return nullptr;
  }
  if (X509_check_private_key(escrow->certificate_.get(), escrow->key_.get()) != 1) {
    error = "escrow_key: " + key_file + ": does not belong to the certificate in " +
            certificate_file;
    ERR_clear_error();
    return nullptr;
  }
  return escrow;
}

std::unique_ptr<ByteSink> Escrow::open(const CmsHead &head,
                                       std::unique_ptr<ByteSink> &inside,
                                       std::function<void()> failed) const {
  if (head.type != CmsType::enveloped_data && head.type != CmsType::auth_enveloped_data)
    return nullptr;
  Buffer object = object_without_content(head);
  const unsigned char *at = object.data();
  CmsPtr cms(d2i_CMS_ContentInfo(nullptr, &at, static_cast<long>(object.size())));
  if (cms == nullptr ||
      CMS_decrypt_set1_pkey(cms.get(), key_.get(), certificate_.get()) != 1) {
    ERR_clear_error();
    return nullptr;
  }
  // Whether the MAC is right is known behind the content, and not here.
  if (head.type == CmsType::auth_enveloped_data)
    failed = nullptr;
  auto decrypter =
      std::make_unique<Decrypter>(std::move(cms), std::move(inside), std::move(failed));
  if (!decrypter->begin()) {
    ERR_clear_error();
    inside = decrypter->take_inside();
    return nullptr;
  }
  return decrypter;
}

} // namespace smime
