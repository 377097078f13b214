#include "scanner/x509/algorithm.h"

#include <algorithm>
#include <array>
#include <openssl/objects.h>

namespace smime {
namespace {

constexpr std::array weak_digests{NID_md2, NID_md4,  NID_md5,      NID_sha1,
                                  NID_sha, NID_mdc2, NID_ripemd160};
constexpr std::array strong_digests{NID_sha224,   NID_sha256,     NID_sha384,
                                    NID_sha512,   NID_sha512_256, NID_sha3_256,
                                    NID_sha3_384, NID_sha3_512,   NID_shake256};
constexpr std::array weak_ciphers{NID_rc2_cbc,      NID_rc2_40_cbc,  NID_rc2_64_cbc, NID_des_cbc,
                                  NID_des_ede3_cbc, NID_des_ede_cbc, NID_rc4,        NID_rc4_40,
                                  NID_rc5_cbc,      NID_idea_cbc,    NID_cast5_cbc,  NID_bf_cbc};
constexpr std::array strong_ciphers{
    NID_aes_128_cbc,      NID_aes_192_cbc,      NID_aes_256_cbc,      NID_aes_128_gcm,
    NID_aes_192_gcm,      NID_aes_256_gcm,      NID_aes_128_ccm,      NID_aes_192_ccm,
    NID_aes_256_ccm,      NID_camellia_128_cbc, NID_camellia_192_cbc, NID_camellia_256_cbc,
    NID_chacha20_poly1305};

int nid_of(const X509_ALGOR *algorithm) {
  const ASN1_OBJECT *object = nullptr;
  if (algorithm == nullptr)
    return NID_undef;
  X509_ALGOR_get0(&object, nullptr, nullptr, algorithm);
  return OBJ_obj2nid(object);
}

template <typename Weak, typename Strong>
Strength look_up(int nid, const Weak &weak, const Strong &strong) {
  if (std::find(weak.begin(), weak.end(), nid) != weak.end())
    return Strength::weak;
  if (std::find(strong.begin(), strong.end(), nid) != strong.end())
    return Strength::strong;
  return Strength::unknown;
}

} // namespace

std::string algorithm_name(const X509_ALGOR *algorithm) {
  if (algorithm == nullptr)
    return {};
  int nid = nid_of(algorithm);
  if (nid == NID_rsaesOaep)
    return "rsaOaep";
  if (nid == NID_rsaEncryption)
    return "rsaEncryption";
  if (nid != NID_undef) {
    std::string name = OBJ_nid2ln(nid);
    std::transform(name.begin(), name.end(), name.begin(),
                   [](unsigned char c) { return c >= 'A' && c <= 'Z' ? c + 32 : c; });
    return name;
  }
  const ASN1_OBJECT *object = nullptr;
  X509_ALGOR_get0(&object, nullptr, nullptr, algorithm);
  std::array<char, 128> digits{};
  (void)OBJ_obj2txt(digits.data(), static_cast<int>(digits.size()), object, 1);
  return digits.data();
}

Strength digest_strength(const X509_ALGOR *algorithm) {
  return look_up(nid_of(algorithm), weak_digests, strong_digests);
}

Strength cipher_strength(const X509_ALGOR *algorithm) {
  return look_up(nid_of(algorithm), weak_ciphers, strong_ciphers);
}

} // namespace smime
