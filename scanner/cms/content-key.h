// The key of encrypted content as it stands in the message, and who can take it out of there.
#ifndef SMIME_CONTENT_KEY_H
#define SMIME_CONTENT_KEY_H

#include <array>
#include <cstddef>
#include <cstdint>
#include <openssl/crypto.h>
#include <openssl/x509.h>
#include <span>
#include <vector>

namespace smime {

// The longest key of a cipher that is known here, in bytes (EVP_MAX_KEY_LENGTH).
inline constexpr std::size_t max_content_key = 64;

// A content key in the clear, which does not stay behind in memory.
class ContentKey {
public:
  explicit ContentKey(std::size_t size) : size_(size) {}
  ~ContentKey() { OPENSSL_cleanse(bytes_.data(), bytes_.size()); }
  ContentKey(const ContentKey &) = default;
  ContentKey &operator=(const ContentKey &) = default;

  unsigned char *data() { return bytes_.data(); }
  const unsigned char *data() const { return bytes_.data(); }
  std::size_t size() const { return size_; }
  std::span<unsigned char> bytes() { return {bytes_.data(), size_}; }

private:
  std::size_t size_;
  std::array<unsigned char, max_content_key> bytes_{};
};

// Digests of OAEP, of its mask and of key derivation. The numbers are those of the protocol
// with the process that has the key.
enum class KeyDigest : std::uint8_t { sha1, sha224, sha256, sha384, sha512 };
inline constexpr std::array<const char *, 5> key_digest_names{"SHA1", "SHA2-224", "SHA2-256",
                                                              "SHA2-384", "SHA2-512"};

// A content key that was encrypted to a certificate (RFC 5652 section 6.2), in octets: what
// describes it was read elsewhere.
struct WrappedKey {
  enum class Kind : std::uint8_t {
    rsa_pkcs1, // RFC 8017 section 7.2
    rsa_oaep,  // RFC 8017 section 7.1
    ecdh,      // RFC 5753: ECDH, the KDF of X9.63, AES key wrap
  };
  Kind kind = Kind::rsa_pkcs1;
  // Of the content key, as the content's algorithm wants it: 1 to max_content_key.
  std::size_t key_size = 0;
  KeyDigest digest = KeyDigest::sha1;
  // rsa_oaep: of MGF1.
  KeyDigest mask_digest = KeyDigest::sha1;
  // ecdh: of the key-encryption key, 16, 24 or 32.
  std::size_t wrap_size = 0;
  // The encrypted or wrapped key.
  std::vector<unsigned char> encrypted;
  // rsa_oaep: the label. ecdh: ECC-CMS-SharedInfo.
  std::vector<unsigned char> info;
  // ecdh: the originator's point.
  std::vector<unsigned char> point;

  static constexpr std::size_t max_encrypted = 2048;
  static constexpr std::size_t max_info = 512;
  static constexpr std::size_t max_point = 256;
  bool is_within_bounds() const {
    bool wrap = wrap_size == 16 || wrap_size == 24 || wrap_size == 32;
    return key_size > 0 && key_size <= max_content_key && !encrypted.empty() &&
           encrypted.size() <= max_encrypted && info.size() <= max_info &&
           point.size() <= max_point && (kind != Kind::ecdh || wrap);
  }
};

// The side of who asks for content keys.
class ContentKeys {
public:
  virtual ~ContentKeys() = default;
  // Whose keys it has.
  virtual X509 *certificate() const = 0;
  // The content key. Where there is none in wrapped, or where it is not given, the key is a
  // random one of the same size, which opens nothing: whoever asks cannot tell why, and
  // does the same work.
  virtual ContentKey unwrap(const WrappedKey &wrapped) = 0;
  // After each unwrap(): whether it opened the content.
  virtual void settle(bool opened) = 0;
};

} // namespace smime

#endif
