#include "scanner/cms/content-cipher.h"

#include "scanner/cms/ber.h"

#include <algorithm>
#include <openssl/err.h>
#include <openssl/objects.h>

namespace smime {
namespace {

constexpr std::size_t piece_size = 16384;
// RFC 5084 section 3.2: the tag has 12 octets unless its length is given, 12 to 16.
constexpr std::size_t default_tag = 12;
constexpr std::size_t max_tag = 16;
constexpr std::size_t max_nonce = 64;

struct ParameterFree {
  void operator()(ASN1_TYPE *type) const { ASN1_TYPE_free(type); }
};

Bytes octets_of(const void *value) {
  const auto *string = static_cast<const ASN1_STRING *>(value);
  return {ASN1_STRING_get0_data(string), static_cast<std::size_t>(ASN1_STRING_length(string))};
}

// GCMParameters ::= SEQUENCE { aes-nonce OCTET STRING, aes-ICVlen INTEGER DEFAULT 12 }
bool read_gcm(Bytes sequence, std::vector<unsigned char> &nonce, std::size_t &tag_size) {
  auto outer = read_element(sequence);
  if (!outer || !outer->is(V_ASN1_SEQUENCE))
    return false;
  Bytes rest = outer->content;
  auto first = read_element(rest);
  auto size = element_size(rest);
  if (!first || !size || !first->is(V_ASN1_OCTET_STRING) || first->constructed)
    return false;
  Bytes octets = rest.subspan(first->header_size, first->length);
  if (octets.empty() || octets.size() > max_nonce)
    return false;
  nonce.assign(octets.begin(), octets.end());
  rest = rest.subspan(*size);
  tag_size = default_tag;
  if (rest.empty())
    return true;
  auto length = read_element(rest);
  if (!length || !length->is(V_ASN1_INTEGER) || length->length != 1 || length->content.empty())
    return false;
  tag_size = length->content.front();
  return tag_size >= default_tag && tag_size <= max_tag;
}

} // namespace

std::unique_ptr<ContentCipher> ContentCipher::create(CmsType type, Bytes algorithm) {
  const unsigned char *at = algorithm.data();
  AlgorithmPtr parsed(d2i_X509_ALGOR(nullptr, &at, static_cast<long>(algorithm.size())));
  std::unique_ptr<ContentCipher> cipher(new ContentCipher);
  bool ok = parsed != nullptr && cipher->read_parameters(type, parsed.get());
  ERR_clear_error();
  return ok ? std::move(cipher) : nullptr;
}

bool ContentCipher::read_parameters(CmsType type, const X509_ALGOR *algorithm) {
  const ASN1_OBJECT *object = nullptr;
  int parameter_type = 0;
  const void *parameter = nullptr;
  X509_ALGOR_get0(&object, &parameter_type, &parameter, algorithm);
  cipher_ = EVP_get_cipherbyobj(object);
  if (cipher_ == nullptr || parameter == nullptr)
    return false;
  key_size_ = static_cast<std::size_t>(EVP_CIPHER_get_key_length(cipher_));
  block_size_ = static_cast<std::size_t>(EVP_CIPHER_get_block_size(cipher_));
  if (key_size_ == 0 || key_size_ > max_content_key)
    return false;
  if (type == CmsType::auth_enveloped_data)
    return EVP_CIPHER_get_mode(cipher_) == EVP_CIPH_GCM_MODE && parameter_type == V_ASN1_SEQUENCE &&
           read_gcm(octets_of(parameter), iv_, tag_size_);
  if (type != CmsType::enveloped_data || EVP_CIPHER_get_mode(cipher_) != EVP_CIPH_CBC_MODE ||
      parameter_type != V_ASN1_OCTET_STRING || block_size_ < 8)
    return false;
  Bytes iv = octets_of(parameter);
  iv_.assign(iv.begin(), iv.end());
  return iv_.size() == static_cast<std::size_t>(EVP_CIPHER_get_iv_length(cipher_));
}

bool ContentCipher::start(const ContentKey &key, Bytes additional) {
  held_.clear();
  context_.reset(EVP_CIPHER_CTX_new());
  failed_ = context_ == nullptr || key.size() != key_size_ ||
            EVP_DecryptInit_ex(context_.get(), cipher_, nullptr, nullptr, nullptr) != 1;
  if (!failed_ && is_authenticated())
    failed_ = EVP_CIPHER_CTX_ctrl(context_.get(), EVP_CTRL_AEAD_SET_IVLEN,
                                  static_cast<int>(iv_.size()), nullptr) != 1;
  failed_ =
      failed_ || EVP_DecryptInit_ex(context_.get(), nullptr, nullptr, key.data(), iv_.data()) != 1;
  if (!failed_ && !is_authenticated())
    (void)EVP_CIPHER_CTX_set_padding(context_.get(), 0);
  int size = 0;
  if (!failed_ && !additional.empty())
    failed_ = EVP_DecryptUpdate(context_.get(), nullptr, &size, additional.data(),
                                static_cast<int>(additional.size())) != 1;
  ERR_clear_error();
  return !failed_;
}

void ContentCipher::decrypt(Bytes bytes, const Take &take) {
  plain_.resize(piece_size + 2 * EVP_MAX_BLOCK_LENGTH);
  while (!bytes.empty() && !failed_) {
    Bytes piece = bytes.first(std::min(bytes.size(), piece_size));
    bytes = bytes.subspan(piece.size());
    std::copy(held_.begin(), held_.end(), plain_.begin());
    int size = 0;
    if (EVP_DecryptUpdate(context_.get(), plain_.data() + held_.size(), &size, piece.data(),
                          static_cast<int>(piece.size())) != 1) {
      failed_ = true;
      return;
    }
    std::size_t there = held_.size() + static_cast<std::size_t>(size);
    std::size_t kept = is_authenticated() ? 0 : std::min(there, block_size_);
    held_.assign(plain_.begin() + static_cast<std::ptrdiff_t>(there - kept),
                 plain_.begin() + static_cast<std::ptrdiff_t>(there));
    if (there > kept)
      take({plain_.data(), there - kept});
  }
}

// RFC 5652 section 6.3. The whole block is looked at, whatever its last octet says.
bool ContentCipher::finish_blocks(const Take &take) {
  std::array<unsigned char, EVP_MAX_BLOCK_LENGTH> rest{};
  int size = 0;
  bool whole =
      EVP_DecryptFinal_ex(context_.get(), rest.data(), &size) == 1 && held_.size() == block_size_;
  held_.resize(block_size_);
  unsigned padding = held_.back();
  unsigned wrong =
      static_cast<unsigned>(padding == 0) | static_cast<unsigned>(padding > block_size_);
  for (std::size_t at = 0; at < block_size_; at++) {
    auto is_padding = static_cast<unsigned>(block_size_ - at <= padding);
    wrong |= is_padding * (held_[at] ^ padding);
  }
  std::size_t plain = wrong == 0 ? block_size_ - padding : block_size_;
  take({held_.data(), plain});
  return whole && wrong == 0;
}

bool ContentCipher::finish(Bytes tag, const Take &take) {
  if (failed_)
    return false;
  bool right = false;
  if (!is_authenticated()) {
    right = finish_blocks(take);
  } else if (tag.size() == tag_size_) {
    std::vector<unsigned char> copy(tag.begin(), tag.end());
    std::array<unsigned char, EVP_MAX_BLOCK_LENGTH> rest{};
    int size = 0;
    right = EVP_CIPHER_CTX_ctrl(context_.get(), EVP_CTRL_AEAD_SET_TAG,
                                static_cast<int>(copy.size()), copy.data()) == 1 &&
            EVP_DecryptFinal_ex(context_.get(), rest.data(), &size) == 1;
  }
  ERR_clear_error();
  OPENSSL_cleanse(plain_.data(), plain_.size());
  OPENSSL_cleanse(held_.data(), held_.size());
  return right;
}

} // namespace smime
