#include "scanner/cms/cms.h"

#include "scanner/base/openssl-ptr.h"
#include "scanner/cms/ber.h"
#include "scanner/x509/algorithm.h"
#include "scanner/x509/certificate-cache.h"
#include "scanner/x509/certificates.h"

#include <algorithm>
#include <array>
#include <openssl/asn1.h>
#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/err.h>
#include <openssl/objects.h>
#include <openssl/x509v3.h>
#include <optional>
#include <utility>

namespace smime {
namespace {

constexpr std::array<std::pair<int, CmsType>, 9> content_types{{
    {NID_pkcs7_data, CmsType::data},
    {NID_pkcs7_signed, CmsType::signed_data},
    {NID_pkcs7_enveloped, CmsType::enveloped_data},
    {NID_id_smime_ct_authEnvelopedData, CmsType::auth_enveloped_data},
    {NID_pkcs7_encrypted, CmsType::encrypted_data},
    {NID_pkcs7_signedAndEnveloped, CmsType::signed_and_enveloped_data},
    {NID_pkcs7_digest, CmsType::digested_data},
    {NID_id_smime_ct_authData, CmsType::authenticated_data},
    {NID_id_smime_ct_compressedData, CmsType::compressed_data},
}};

// GM/T 0010: 1.2.156.10197.6.1.4.2, in DER with its tag and a length for one more arc.
constexpr std::array<unsigned char, 11> gm_types{0x06, 0x0a, 0x2a, 0x81, 0x1c, 0xcf,
                                                 0x55, 0x06, 0x01, 0x04, 0x02};

// nullopt if it is none of GM/T 0010's.
std::optional<CmsType> gm_type_of(Bytes object_identifier) {
  if (object_identifier.size() != gm_types.size() + 1 ||
      !std::equal(gm_types.begin(), gm_types.end(), object_identifier.begin()))
    return std::nullopt;
  switch (object_identifier.back()) {
  case 1: return CmsType::data;
  case 2: return CmsType::signed_data;
  case 3: return CmsType::enveloped_data;
  case 4: return CmsType::signed_and_enveloped_data;
  case 5: return CmsType::encrypted_data;
  default: return CmsType::other;
  }
}

class NoSink : public CmsContentSink {
public:
  void content_begins(const CmsHead &) override {}
  void content(Bytes) override {}
  void content_ends() override {}
};

void identify(Recipient &recipient, const ASN1_OCTET_STRING *key, const X509_NAME *issuer,
              const ASN1_INTEGER *serial) {
  recipient.issuer = name_text(issuer);
  recipient.serial = hex_text(serial);
  recipient.key_id = hex_text(key);
}

void read_key_agreement(CMS_RecipientInfo *info, std::vector<Recipient> &list) {
  X509_ALGOR *algorithm = nullptr;
  (void)CMS_RecipientInfo_kari_get0_alg(info, &algorithm, nullptr);
  STACK_OF(CMS_RecipientEncryptedKey) *keys = CMS_RecipientInfo_kari_get0_reks(info);
  for (int i = 0; i < sk_CMS_RecipientEncryptedKey_num(keys); i++) {
    if (list.size() >= Report::max_list)
      return;
    Recipient recipient;
    ASN1_OCTET_STRING *key = nullptr;
    X509_NAME *issuer = nullptr;
    ASN1_INTEGER *serial = nullptr;
    if (CMS_RecipientEncryptedKey_get0_id(sk_CMS_RecipientEncryptedKey_value(keys, i), &key,
                                          nullptr, nullptr, &issuer, &serial) > 0)
      identify(recipient, key, issuer, serial);
    recipient.key_encryption = algorithm_name(algorithm);
    list.push_back(std::move(recipient));
  }
}

void read_recipient(CMS_RecipientInfo *info, CmsFacts &facts) {
  Recipient recipient;
  switch (CMS_RecipientInfo_type(info)) {
  case CMS_RECIPINFO_TRANS: {
    ASN1_OCTET_STRING *key = nullptr;
    X509_NAME *issuer = nullptr;
    ASN1_INTEGER *serial = nullptr;
    X509_ALGOR *algorithm = nullptr;
    if (CMS_RecipientInfo_ktri_get0_signer_id(info, &key, &issuer, &serial) > 0)
      identify(recipient, key, issuer, serial);
    if (CMS_RecipientInfo_ktri_get0_algs(info, nullptr, nullptr, &algorithm) > 0)
      recipient.key_encryption = algorithm_name(algorithm);
    break;
  }
  case CMS_RECIPINFO_AGREE: read_key_agreement(info, facts.recipients); return;
  case CMS_RECIPINFO_KEK: {
    X509_ALGOR *algorithm = nullptr;
    ASN1_OCTET_STRING *key = nullptr;
    if (CMS_RecipientInfo_kekri_get0_id(info, &algorithm, &key, nullptr, nullptr, nullptr) > 0) {
      recipient.key_id = hex_text(key);
      recipient.key_encryption = algorithm_name(algorithm);
    }
    break;
  }
  case CMS_RECIPINFO_PASS: recipient.key_encryption = "password"; break;
  default: recipient.key_encryption = "other"; break;
  }
  facts.recipients.push_back(std::move(recipient));
}

void weaken(CmsFacts &facts, const std::string &why) {
  facts.strength = Strength::weak;
  if (std::find(facts.weaknesses.begin(), facts.weaknesses.end(), why) == facts.weaknesses.end())
    facts.weaknesses.push_back(why);
}

void judge(CmsFacts &facts, Strength strength, const std::string &name) {
  if (strength == Strength::weak)
    weaken(facts, name);
  else if (strength == Strength::strong && facts.strength == Strength::unknown)
    facts.strength = Strength::strong;
}

// KeyTransRecipientInfo ::= SEQUENCE { version, rid, keyEncryptionAlgorithm,
// encryptedKey OCTET STRING }: the key's length is that of the RSA modulus.
void judge_recipient_keys(Bytes before, CmsFacts &facts) {
  for (std::size_t used = 0; used < before.size();) {
    Bytes rest = before.subspan(used);
    auto set = read_element(rest);
    auto size = element_size(rest);
    if (!set || !size)
      return;
    used += *size;
    if (!set->is(V_ASN1_SET))
      continue;
    Bytes infos = set->content;
    for (std::size_t seen = 0; seen < Report::max_list; seen++) {
      auto info = read_element(infos);
      auto info_size = element_size(infos);
      if (!info || !info_size || info->is_end_of_contents())
        return;
      Bytes fields = info->content;
      for (int skipped = 0; info->is(V_ASN1_SEQUENCE) && skipped < 3; skipped++)
        fields = fields.subspan(element_size(fields).value_or(fields.size()));
      auto key = read_element(fields);
      if (info->is(V_ASN1_SEQUENCE) && key && key->is(V_ASN1_OCTET_STRING) && key->length >= 32 &&
          key->length < 2048 / 8)
        weaken(facts, "a recipient's RSA key has " + std::to_string(key->length * 8) + " bits");
      infos = infos.subspan(*info_size);
    }
  }
}

void read_encryption(const CmsStream &stream, CMS_ContentInfo *cms, CmsFacts &facts) {
  Bytes algorithm = stream.algorithm();
  const unsigned char *at = algorithm.data();
  AlgorithmPtr parsed(d2i_X509_ALGOR(nullptr, &at, static_cast<long>(algorithm.size())));
  if (parsed != nullptr) {
    facts.algorithm = algorithm_name(parsed.get());
    facts.authenticated = facts.type == CmsType::auth_enveloped_data;
    if (is_encrypted_type(facts.type))
      judge(facts, cipher_strength(parsed.get()), facts.algorithm);
  }
  if (facts.type != CmsType::enveloped_data && facts.type != CmsType::auth_enveloped_data)
    return;
  judge_recipient_keys(stream.before(), facts);
  if (cms == nullptr)
    return;
  STACK_OF(CMS_RecipientInfo) *infos = CMS_get0_RecipientInfos(cms);
  facts.recipient_count = static_cast<std::size_t>(std::max(0, sk_CMS_RecipientInfo_num(infos)));
  for (std::size_t i = 0; i < facts.recipient_count && facts.recipients.size() < Report::max_list;
       i++)
    read_recipient(sk_CMS_RecipientInfo_value(infos, static_cast<int>(i)), facts);
}

void read_signers(CMS_ContentInfo *cms, CmsFacts &facts) {
  STACK_OF(CMS_SignerInfo) *signers = CMS_get0_SignerInfos(cms);
  int count = sk_CMS_SignerInfo_num(signers);
  facts.has_signers = count > 0;
  (void)CMS_set1_signers_certs(cms, nullptr, 0);
  for (int i = 0; i < count && i < static_cast<int>(Report::max_list); i++) {
    EVP_PKEY *key = nullptr;
    X509_ALGOR *digest = nullptr;
    CMS_SignerInfo_get0_algs(sk_CMS_SignerInfo_value(signers, i), &key, nullptr, &digest, nullptr);
    std::string name = algorithm_name(digest);
    judge(facts, digest_strength(digest), name);
    if (key != nullptr && EVP_PKEY_is_a(key, "RSA") != 0 && EVP_PKEY_get_bits(key) < 2048)
      weaken(facts, "the signer's RSA key has " + std::to_string(EVP_PKEY_get_bits(key)) + " bits");
  }
}

} // namespace

bool is_openssl_type(Bytes object_identifier) {
  return !gm_type_of(object_identifier) &&
         cms_type_of(object_identifier) != CmsType::signed_and_enveloped_data;
}

CmsType cms_type_of(Bytes object_identifier) {
  if (auto type = gm_type_of(object_identifier))
    return *type;
  const unsigned char *at = object_identifier.data();
  ObjectPtr object(d2i_ASN1_OBJECT(nullptr, &at, static_cast<long>(object_identifier.size())));
  ERR_clear_error();
  if (object == nullptr)
    return CmsType::none;
  int nid = OBJ_obj2nid(object.get());
  for (const auto &[candidate, type] : content_types) {
    if (candidate == nid)
      return type;
  }
  return CmsType::other;
}

namespace {

// Whether nothing but these two elements can be in a ContentInfo, and in the second one is a
// SEQUENCE or a string.
bool fits_exactly(const BerElement &info, std::size_t type_size, const BerElement &explicit0) {
  if (!info.indefinite && !explicit0.indefinite &&
      info.length != type_size + explicit0.header_size + explicit0.length)
    return false;
  auto inner = read_element(explicit0.content);
  if (!inner || (!inner->is(V_ASN1_SEQUENCE) && !inner->is(V_ASN1_OCTET_STRING)))
    return false;
  return explicit0.indefinite || inner->indefinite ||
         explicit0.length == inner->header_size + inner->length;
}

} // namespace

bool looks_like_cms(Bytes bytes) {
  auto sequence = read_element(bytes);
  if (!sequence || !sequence->is(V_ASN1_SEQUENCE) || !sequence->constructed)
    return false;
  auto size = element_size(sequence->content);
  auto object = read_element(sequence->content);
  if (!size || !object->is(V_ASN1_OBJECT))
    return false;
  CmsType type = cms_type_of(sequence->content.first(*size));
  auto explicit0 = read_element(sequence->content.subspan(*size));
  if (type == CmsType::none || !explicit0 || !explicit0->is(0, V_ASN1_CONTEXT_SPECIFIC) ||
      !explicit0->constructed)
    return false;
  // Of other types all must fit, because nothing else tells.
  return (type != CmsType::other && type != CmsType::data) ||
         fits_exactly(*sequence, *size, *explicit0);
}

namespace {

// The object with its certificates taken from the cache; null if OpenSSL has to
// read it as it stands, whether that succeeds or not.
CmsPtr read_with(CertificateCache &cache, const CmsStream &stream) {
  Bytes set = stream.certificates();
  if (set.empty())
    return nullptr;
  std::vector<CertificatePtr> certificates;
  Bytes rest = read_element(set)->content;
  while (!rest.empty()) {
    auto size = element_size(rest);
    // Attribute certificates and others have tags of their own.
    if (!size || !read_element(rest)->is(V_ASN1_SEQUENCE) ||
        certificates.size() >= CertificateCache::max_certificates)
      return nullptr;
    certificates.push_back(cache.get(rest.first(*size)));
    if (certificates.back() == nullptr)
      return nullptr;
    rest = rest.subspan(*size);
  }
  Bytes skeleton(stream.skeleton());
  auto before = static_cast<std::size_t>(set.data() - skeleton.data());
  std::vector<unsigned char> without(skeleton.begin(),
                                     skeleton.begin() + static_cast<std::ptrdiff_t>(before));
  without.insert(without.end(), set.end(), skeleton.end());
  const unsigned char *at = without.data();
  CmsPtr cms(d2i_CMS_ContentInfo(nullptr, &at, static_cast<long>(without.size())));
  for (const CertificatePtr &certificate : certificates) {
    // One that is there twice is not added again: an error that is none.
    if (cms != nullptr)
      (void)CMS_add1_cert(cms.get(), certificate.get());
  }
  return cms;
}

CmsPtr read_object(const CmsStream &stream) {
  // A scanner process works on one message at a time. Never destroyed: at exit,
  // OpenSSL may be gone before it.
  static CertificateCache &cache = *new CertificateCache;
  if (CmsPtr cms = read_with(cache, stream))
    return cms;
  const unsigned char *at = stream.skeleton().data();
  return CmsPtr(d2i_CMS_ContentInfo(nullptr, &at, static_cast<long>(stream.skeleton().size())));
}

} // namespace

CmsFacts cms_facts(const CmsStream &stream) {
  CmsFacts facts;
  facts.type = stream.type();
  facts.has_content = facts.type == CmsType::signed_data && stream.has_content();
  CmsPtr cms;
  if (stream.whole()) {
    cms = read_object(stream);
    facts.parsed = cms != nullptr;
  }
  if (cms != nullptr && facts.type == CmsType::signed_data)
    read_signers(cms.get(), facts);
  read_encryption(stream, cms.get(), facts);
  if (facts.type == CmsType::signed_data)
    facts.object = std::move(cms);
  ERR_clear_error();
  return facts;
}

CmsFacts inspect_cms(Bytes bytes, bool complete) {
  NoSink sink;
  CmsStream stream(sink);
  stream.feed(bytes);
  if (complete)
    stream.finish();
  else
    stream.settle();
  return cms_facts(stream);
}

std::string_view name_of(CmsType type) {
  switch (type) {
  case CmsType::none: return "none";
  case CmsType::data: return "data";
  case CmsType::signed_data: return "signed";
  case CmsType::enveloped_data: return "enveloped";
  case CmsType::auth_enveloped_data: return "auth-enveloped";
  case CmsType::encrypted_data: return "encrypted";
  case CmsType::signed_and_enveloped_data: return "signed-and-enveloped";
  case CmsType::digested_data: return "digested";
  case CmsType::authenticated_data: return "authenticated";
  case CmsType::compressed_data: return "compressed";
  case CmsType::other: return "other";
  }
  return "other";
}

} // namespace smime
