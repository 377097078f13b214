#include "scanner/cms/recipient-key.h"

#include "scanner/base/openssl-ptr.h"
#include "scanner/cms/ber.h"

#include <algorithm>
#include <array>
#include <initializer_list>
#include <openssl/err.h>
#include <openssl/objects.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>
#include <utility>

namespace smime {
namespace {

using Buffer = std::vector<unsigned char>;
using OaepPtr = std::unique_ptr<RSA_OAEP_PARAMS, OpensslFree<RSA_OAEP_PARAMS_free>>;
using NamePtr = std::unique_ptr<X509_NAME, OpensslFree<X509_NAME_free>>;
using IntegerPtr = std::unique_ptr<ASN1_INTEGER, OpensslFree<ASN1_INTEGER_free>>;
using OctetsPtr = std::unique_ptr<ASN1_OCTET_STRING, OpensslFree<ASN1_OCTET_STRING_free>>;

// What a RecipientInfo has is looked at up to so many of them.
constexpr std::size_t max_recipients = 4096;

void append(Buffer &to, Bytes bytes) { to.insert(to.end(), bytes.begin(), bytes.end()); }
void append(Buffer &to, std::initializer_list<unsigned char> bytes) { to.insert(to.end(), bytes); }

// The recipients in an object by themselves, which OpenSSL reads and writes as DER: of BER
// there are more forms than anybody wants to know.
Buffer recipients_as_der(const CmsHead &head) {
  Buffer object{0x30, 0x80};
  std::array<unsigned char, 32> oid{};
  unsigned char *end = oid.data();
  int size = i2d_ASN1_OBJECT(OBJ_nid2obj(NID_pkcs7_enveloped), &end);
  append(object, Bytes(oid.data(), static_cast<std::size_t>(size)));
  append(object, {0xa0, 0x80, 0x30, 0x80});
  append(object, head.before);
  append(object, {0x30, 0x80});
  append(object, head.content_type);
  append(object, head.algorithm);
  append(object, {0, 0, 0, 0, 0, 0, 0, 0});
  const unsigned char *at = object.data();
  CmsPtr cms(d2i_CMS_ContentInfo(nullptr, &at, static_cast<long>(object.size())));
  unsigned char *der = nullptr;
  int length = cms == nullptr ? 0 : i2d_CMS_ContentInfo(cms.get(), &der);
  Buffer result;
  if (length > 0)
    result.assign(der, der + length);
  OPENSSL_free(der);
  return result;
}

// Reads the elements of a DER value one after the other.
class Fields {
public:
  explicit Fields(Bytes bytes) : rest_(bytes) {}

  bool at_end() const { return rest_.empty(); }
  bool next_is(int tag, int tag_class) const {
    auto element = read_element(rest_);
    return element && element->is(tag, tag_class);
  }
  // The whole next element; empty if there is none.
  Bytes take() {
    auto size = element_size(rest_);
    if (!size) {
      rest_ = {};
      return {};
    }
    Bytes whole = rest_.first(*size);
    rest_ = rest_.subspan(*size);
    return whole;
  }
  // Its content; empty if it is of another kind.
  Bytes take_content(int tag, int tag_class = V_ASN1_UNIVERSAL) {
    return next_is(tag, tag_class) ? content_of(take()) : Bytes();
  }
  static Bytes content_of(Bytes whole) {
    auto element = read_element(whole);
    return element ? whole.subspan(element->header_size) : Bytes();
  }

private:
  Bytes rest_;
};

template <typename Pointer, typename Decode> Pointer decoded(Bytes bytes, Decode decode) {
  const unsigned char *at = bytes.data();
  return Pointer(decode(nullptr, &at, static_cast<long>(bytes.size())));
}

bool names_by_issuer(Bytes content, X509 *certificate) {
  Fields fields(content);
  auto issuer = decoded<NamePtr>(fields.take(), d2i_X509_NAME);
  auto serial = decoded<IntegerPtr>(fields.take(), d2i_ASN1_INTEGER);
  return issuer != nullptr && serial != nullptr &&
         X509_NAME_cmp(issuer.get(), X509_get_issuer_name(certificate)) == 0 &&
         ASN1_INTEGER_cmp(serial.get(), X509_get0_serialNumber(certificate)) == 0;
}

bool names_by_key(Bytes identifier, X509 *certificate) {
  const ASN1_OCTET_STRING *own = X509_get0_subject_key_id(certificate);
  if (own == nullptr || identifier.empty())
    return false;
  return std::ranges::equal(identifier, Bytes(ASN1_STRING_get0_data(own),
                                              static_cast<std::size_t>(ASN1_STRING_length(own))));
}

// RecipientIdentifier; in a KeyAgreeRecipientInfo the identifier of a key is in a SEQUENCE.
bool is_named(Bytes identifier, X509 *certificate, bool in_sequence) {
  auto element = read_element(identifier);
  if (!element)
    return false;
  Bytes content = Fields::content_of(identifier);
  if (element->is(V_ASN1_SEQUENCE))
    return names_by_issuer(content, certificate);
  if (!element->is(0, V_ASN1_CONTEXT_SPECIFIC))
    return false;
  return names_by_key(in_sequence ? Fields(content).take_content(V_ASN1_OCTET_STRING) : content,
                      certificate);
}

std::optional<KeyDigest> digest_of(int nid) {
  switch (nid) {
  case NID_sha1: return KeyDigest::sha1;
  case NID_sha224: return KeyDigest::sha224;
  case NID_sha256: return KeyDigest::sha256;
  case NID_sha384: return KeyDigest::sha384;
  case NID_sha512: return KeyDigest::sha512;
  default: return std::nullopt;
  }
}

int nid_of(const X509_ALGOR *algorithm) {
  const ASN1_OBJECT *object = nullptr;
  X509_ALGOR_get0(&object, nullptr, nullptr, algorithm);
  return OBJ_obj2nid(object);
}

std::optional<KeyDigest> digest_or_sha1(const X509_ALGOR *algorithm) {
  return algorithm == nullptr ? KeyDigest::sha1 : digest_of(nid_of(algorithm));
}

// The parameter of an AlgorithmIdentifier in DER; empty if it is no SEQUENCE.
Bytes parameter_of(const X509_ALGOR *algorithm) {
  int type = 0;
  const void *value = nullptr;
  X509_ALGOR_get0(nullptr, &type, &value, algorithm);
  if (type != V_ASN1_SEQUENCE || value == nullptr)
    return {};
  const auto *string = static_cast<const ASN1_STRING *>(value);
  return {ASN1_STRING_get0_data(string), static_cast<std::size_t>(ASN1_STRING_length(string))};
}

// The digest of MGF1, the only function there is; SHA-1 where none is given.
std::optional<KeyDigest> mask_digest_or_sha1(const X509_ALGOR *function) {
  if (function == nullptr)
    return KeyDigest::sha1;
  auto inner = decoded<AlgorithmPtr>(parameter_of(function), d2i_X509_ALGOR);
  if (nid_of(function) != NID_mgf1 || inner == nullptr)
    return std::nullopt;
  return digest_of(nid_of(inner.get()));
}

// RSAES-OAEP-params (RFC 8017 appendix A.2.1), each with a default.
bool read_oaep(const X509_ALGOR *algorithm, WrappedKey &wrapped) {
  auto parameters = decoded<OaepPtr>(parameter_of(algorithm), d2i_RSA_OAEP_PARAMS);
  if (parameters == nullptr)
    return false;
  auto digest = digest_or_sha1(parameters->hashFunc);
  auto mask = mask_digest_or_sha1(parameters->maskGenFunc);
  if (const X509_ALGOR *source = parameters->pSourceFunc) {
    int type = 0;
    const void *value = nullptr;
    X509_ALGOR_get0(nullptr, &type, &value, source);
    if (nid_of(source) != NID_pSpecified || type != V_ASN1_OCTET_STRING)
      return false;
    const auto *label = static_cast<const ASN1_STRING *>(value);
    append(wrapped.info, Bytes(ASN1_STRING_get0_data(label),
                               static_cast<std::size_t>(ASN1_STRING_length(label))));
  }
  if (!digest || !mask)
    return false;
  wrapped.digest = *digest;
  wrapped.mask_digest = *mask;
  return true;
}

// KeyTransRecipientInfo ::= SEQUENCE { version, rid, keyEncryptionAlgorithm, encryptedKey }
bool read_key_transport(Bytes content, X509 *certificate, WrappedKey &wrapped) {
  Fields fields(content);
  (void)fields.take();
  if (!is_named(fields.take(), certificate, false))
    return false;
  auto algorithm = decoded<AlgorithmPtr>(fields.take(), d2i_X509_ALGOR);
  append(wrapped.encrypted, fields.take_content(V_ASN1_OCTET_STRING));
  if (algorithm == nullptr || EVP_PKEY_is_a(X509_get0_pubkey(certificate), "RSA") == 0)
    return false;
  switch (nid_of(algorithm.get())) {
  case NID_rsaEncryption: wrapped.kind = WrappedKey::Kind::rsa_pkcs1; return true;
  case NID_rsaesOaep:
    wrapped.kind = WrappedKey::Kind::rsa_oaep;
    return read_oaep(algorithm.get(), wrapped);
  default: return false;
  }
}

std::optional<KeyDigest> digest_of_scheme(int nid) {
  switch (nid) {
  case NID_dhSinglePass_stdDH_sha1kdf_scheme: return KeyDigest::sha1;
  case NID_dhSinglePass_stdDH_sha224kdf_scheme: return KeyDigest::sha224;
  case NID_dhSinglePass_stdDH_sha256kdf_scheme: return KeyDigest::sha256;
  case NID_dhSinglePass_stdDH_sha384kdf_scheme: return KeyDigest::sha384;
  case NID_dhSinglePass_stdDH_sha512kdf_scheme: return KeyDigest::sha512;
  default: return std::nullopt;
  }
}

std::size_t size_of_wrap(int nid) {
  switch (nid) {
  case NID_id_aes128_wrap: return 16;
  case NID_id_aes192_wrap: return 24;
  case NID_id_aes256_wrap: return 32;
  default: return 0;
  }
}

// ECC-CMS-SharedInfo (RFC 5753 section 7.2).
bool add_shared_info(X509_ALGOR *wrap, Bytes ukm, WrappedKey &wrapped) {
  auto octets = ukm.empty() ? nullptr : decoded<OctetsPtr>(ukm, d2i_ASN1_OCTET_STRING);
  unsigned char *der = nullptr;
  int size = CMS_SharedInfo_encode(&der, wrap, octets.get(), static_cast<int>(wrapped.wrap_size));
  if (size > 0)
    append(wrapped.info, Bytes(der, static_cast<std::size_t>(size)));
  OPENSSL_free(der);
  return size > 0;
}

// OriginatorPublicKey ::= SEQUENCE { algorithm, publicKey BIT STRING }
bool read_point(Bytes originator, WrappedKey &wrapped) {
  Fields key(Fields(originator).take_content(1, V_ASN1_CONTEXT_SPECIFIC));
  (void)key.take();
  Bytes bits = key.take_content(V_ASN1_BIT_STRING);
  if (bits.size() < 2 || bits.front() != 0)
    return false;
  append(wrapped.point, bits.subspan(1));
  return true;
}

// KeyAgreeRecipientInfo ::= SEQUENCE { version, [0] originator, [1] ukm OPTIONAL,
// keyEncryptionAlgorithm, recipientEncryptedKeys }
bool read_key_agreement(Bytes content, X509 *certificate, WrappedKey &wrapped) {
  Fields fields(content);
  (void)fields.take();
  Bytes originator = fields.take_content(0, V_ASN1_CONTEXT_SPECIFIC);
  Bytes ukm = fields.take_content(1, V_ASN1_CONTEXT_SPECIFIC);
  auto algorithm = decoded<AlgorithmPtr>(fields.take(), d2i_X509_ALGOR);
  bool found = false;
  for (Fields keys(fields.take_content(V_ASN1_SEQUENCE)); !keys.at_end() && !found;) {
    Fields key(keys.take_content(V_ASN1_SEQUENCE));
    found = is_named(key.take(), certificate, true);
    if (found)
      append(wrapped.encrypted, key.take_content(V_ASN1_OCTET_STRING));
  }
  if (!found || algorithm == nullptr || EVP_PKEY_is_a(X509_get0_pubkey(certificate), "EC") == 0)
    return false;
  auto digest = digest_of_scheme(nid_of(algorithm.get()));
  auto wrap = decoded<AlgorithmPtr>(parameter_of(algorithm.get()), d2i_X509_ALGOR);
  if (!digest || wrap == nullptr)
    return false;
  wrapped.kind = WrappedKey::Kind::ecdh;
  wrapped.digest = *digest;
  wrapped.wrap_size = size_of_wrap(nid_of(wrap.get()));
  return wrapped.wrap_size != 0 && read_point(originator, wrapped) &&
         add_shared_info(wrap.get(), ukm, wrapped);
}

std::optional<WrappedKey> read_recipient(Bytes whole, X509 *certificate, std::size_t key_size) {
  auto element = read_element(whole);
  WrappedKey wrapped;
  wrapped.key_size = key_size;
  bool ok = false;
  if (element && element->is(V_ASN1_SEQUENCE))
    ok = read_key_transport(Fields::content_of(whole), certificate, wrapped);
  else if (element && element->is(1, V_ASN1_CONTEXT_SPECIFIC))
    ok = read_key_agreement(Fields::content_of(whole), certificate, wrapped);
  return ok && wrapped.is_within_bounds() ? std::optional(std::move(wrapped)) : std::nullopt;
}

} // namespace

std::optional<WrappedKey> find_wrapped_key(const CmsHead &head, X509 *certificate,
                                           std::size_t key_size) {
  Buffer der = recipients_as_der(head);
  Fields info(Fields::content_of(der));
  (void)info.take(); // contentType
  Fields content(info.take_content(0, V_ASN1_CONTEXT_SPECIFIC));
  Fields enveloped(content.take_content(V_ASN1_SEQUENCE));
  (void)enveloped.take(); // version
  if (enveloped.next_is(0, V_ASN1_CONTEXT_SPECIFIC))
    (void)enveloped.take(); // originatorInfo
  Fields recipients(enveloped.take_content(V_ASN1_SET));
  std::optional<WrappedKey> found;
  for (std::size_t seen = 0; !found && !recipients.at_end() && seen < max_recipients; seen++)
    found = read_recipient(recipients.take(), certificate, key_size);
  ERR_clear_error();
  return found;
}

} // namespace smime
