#include "scanner/x509/algorithm.h"

#include "common/ascii.h"

#include <algorithm>
#include <array>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/objects.h>
#include <string_view>

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

std::string digits_of(const ASN1_OBJECT *object) {
  std::array<char, 128> digits{};
  (void)OBJ_obj2txt(digits.data(), static_cast<int>(digits.size()), object, 1);
  return digits.data();
}

// FIPS 204, FIPS 205 (RFC 9882, RFC 9814): OpenSSL before 3.5 has no names for them.
std::string post_quantum_name(std::string_view digits) {
  constexpr std::string_view arc = "2.16.840.1.101.3.4.3.";
  static constexpr std::array<std::string_view, 15> names{
      "ML-DSA-44",          "ML-DSA-65",          "ML-DSA-87",          "SLH-DSA-SHA2-128s",
      "SLH-DSA-SHA2-128f",  "SLH-DSA-SHA2-192s",  "SLH-DSA-SHA2-192f",  "SLH-DSA-SHA2-256s",
      "SLH-DSA-SHA2-256f",  "SLH-DSA-SHAKE-128s", "SLH-DSA-SHAKE-128f", "SLH-DSA-SHAKE-192s",
      "SLH-DSA-SHAKE-192f", "SLH-DSA-SHAKE-256s", "SLH-DSA-SHAKE-256f"};
  constexpr unsigned first = 17;
  if (!digits.starts_with(arc))
    return {};
  unsigned number = 0;
  for (char c : digits.substr(arc.size()))
    number =
        c >= '0' && c <= '9' && number < 1000 ? number * 10 + static_cast<unsigned>(c - '0') : 1000;
  return number >= first && number < first + names.size() ? std::string(names[number - first])
                                                          : std::string();
}

std::string name_of_object(const ASN1_OBJECT *object) {
  std::string digits = digits_of(object);
  std::string name = post_quantum_name(digits);
  if (!name.empty())
    return name;
  int nid = OBJ_obj2nid(object);
  return nid == NID_undef ? digits : OBJ_nid2ln(nid);
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
  if (nid != NID_undef)
    return lower(std::string_view(OBJ_nid2ln(nid)));
  const ASN1_OBJECT *object = nullptr;
  X509_ALGOR_get0(&object, nullptr, nullptr, algorithm);
  return digits_of(object);
}

// Algorithms that are a signature and its digest in one, such as ML-DSA.
bool can_fetch(const ASN1_OBJECT *object) {
  EVP_SIGNATURE *signature = EVP_SIGNATURE_fetch(nullptr, digits_of(object).c_str(), nullptr);
  bool found = signature != nullptr;
  EVP_SIGNATURE_free(signature);
  ERR_clear_error();
  return found;
}

std::string unsupported_signature(const X509_ALGOR *algorithm) {
  const ASN1_OBJECT *object = nullptr;
  X509_ALGOR_get0(&object, nullptr, nullptr, algorithm);
  int nid = OBJ_obj2nid(object);
  int digest = NID_undef;
  // A signature and its digest, or a kind of key, as CMS has it.
  bool is_known = nid != NID_undef &&
                  (OBJ_find_sigid_algs(nid, &digest, nullptr) == 1 || nid == NID_rsaEncryption ||
                   nid == NID_dsa || nid == NID_X9_62_id_ecPublicKey);
  bool has_digest = digest == NID_undef || EVP_get_digestbynid(digest) != nullptr;
  bool is_usable = is_known ? has_digest : can_fetch(object);
  // SM2's signatures are over more than the digest (RFC 8998), which OpenSSL's CMS leaves out.
  if (is_usable && nid != NID_SM2_with_SM3)
    return {};
  return name_of_object(object);
}

std::string unsupported_key(X509 *certificate) {
  EVP_PKEY *key = X509_get0_pubkey(certificate);
  ERR_clear_error();
  ASN1_OBJECT *object = nullptr;
  if (X509_PUBKEY_get0_param(&object, nullptr, nullptr, nullptr,
                             X509_get_X509_PUBKEY(certificate)) != 1)
    return key == nullptr ? "unknown" : "";
  if (key == nullptr)
    return name_of_object(object);
  if (EVP_PKEY_is_a(key, "SM2") == 1)
    return "SM2";
  // RFC 3279 section 2.3.2: the parameters may be those of the issuer's key.
  return EVP_PKEY_missing_parameters(key) == 1
             ? name_of_object(object) + " with inherited parameters"
             : std::string();
}

Strength digest_strength(const X509_ALGOR *algorithm) {
  return look_up(nid_of(algorithm), weak_digests, strong_digests);
}

Strength cipher_strength(const X509_ALGOR *algorithm) {
  return look_up(nid_of(algorithm), weak_ciphers, strong_ciphers);
}

} // namespace smime
