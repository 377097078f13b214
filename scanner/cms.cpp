#include "cms.h"

#include <array>
#include <memory>
#include <openssl/asn1.h>
#include <openssl/cms.h>
#include <openssl/err.h>
#include <openssl/objects.h>
#include <optional>
#include <utility>

namespace smime {
namespace {

using Bytes = std::span<const unsigned char>;

struct CmsFree {
  void operator()(CMS_ContentInfo *cms) const { CMS_ContentInfo_free(cms); }
};
struct ObjectFree {
  void operator()(ASN1_OBJECT *object) const { ASN1_OBJECT_free(object); }
};

constexpr std::array<std::pair<int, CmsType>, 8> content_types{{
    {NID_pkcs7_data, CmsType::data},
    {NID_pkcs7_signed, CmsType::signed_data},
    {NID_pkcs7_enveloped, CmsType::enveloped_data},
    {NID_id_smime_ct_authEnvelopedData, CmsType::auth_enveloped_data},
    {NID_pkcs7_encrypted, CmsType::encrypted_data},
    {NID_pkcs7_digest, CmsType::digested_data},
    {NID_id_smime_ct_authData, CmsType::authenticated_data},
    {NID_id_smime_ct_compressedData, CmsType::compressed_data},
}};

// One element's header, read by OpenSSL. The content may end beyond the bytes
// at hand; rest is what is there of it.
struct Element {
  int tag = 0;
  int tag_class = 0;
  bool constructed = false;
  bool indefinite = false;
  long length = 0;
  Bytes whole;
  Bytes content;

  bool is(int wanted_tag, int wanted_class = V_ASN1_UNIVERSAL) const {
    return tag == wanted_tag && tag_class == wanted_class;
  }
  // The elements behind this one; empty if it does not end in the bytes.
  Bytes after() const {
    if (indefinite || static_cast<std::size_t>(length) > content.size())
      return {};
    return content.subspan(static_cast<std::size_t>(length));
  }
};

std::optional<Element> read_element(Bytes bytes) {
  if (bytes.size() < 2)
    return std::nullopt;
  const unsigned char *at = bytes.data();
  Element element;
  int flags = ASN1_get_object(&at, &element.length, &element.tag, &element.tag_class,
                              static_cast<long>(bytes.size()));
  // 0x80 is set also for content that ends beyond the bytes; then the position
  // has moved behind the header. A broken header leaves it.
  if ((flags & 0x80) != 0 && at == bytes.data()) {
    ERR_clear_error();
    return std::nullopt;
  }
  ERR_clear_error();
  element.constructed = (flags & V_ASN1_CONSTRUCTED) != 0;
  element.indefinite = (flags & 1) != 0;
  if (element.length < 0)
    return std::nullopt;
  element.whole = bytes;
  element.content = bytes.subspan(static_cast<std::size_t>(at - bytes.data()));
  return element;
}

CmsType type_of_object(const Element &element) {
  if (static_cast<std::size_t>(element.length) > element.content.size())
    return CmsType::none;
  const unsigned char *at = element.whole.data();
  long size = static_cast<long>(element.content.data() - element.whole.data()) + element.length;
  std::unique_ptr<ASN1_OBJECT, ObjectFree> object(d2i_ASN1_OBJECT(nullptr, &at, size));
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

// ContentInfo ::= SEQUENCE { contentType OBJECT IDENTIFIER, [0] EXPLICIT ANY }
struct ContentInfo {
  CmsType type = CmsType::none;
  Bytes content;
};

ContentInfo read_content_info(Bytes bytes) {
  auto sequence = read_element(bytes);
  if (!sequence || !sequence->is(V_ASN1_SEQUENCE) || !sequence->constructed)
    return {};
  auto oid = read_element(sequence->content);
  if (!oid || !oid->is(V_ASN1_OBJECT) || oid->constructed)
    return {};
  ContentInfo info{type_of_object(*oid), {}};
  auto explicit0 = read_element(oid->after());
  if (!explicit0 || !explicit0->is(0, V_ASN1_CONTEXT_SPECIFIC) || !explicit0->constructed)
    return {};
  info.content = explicit0->content;
  return info;
}

// SignedData ::= SEQUENCE { version, digestAlgorithms SET,
//   encapContentInfo SEQUENCE { eContentType, [0] eContent OPTIONAL }, ... }
bool signed_data_has_content(Bytes content) {
  auto sequence = read_element(content);
  if (!sequence || !sequence->is(V_ASN1_SEQUENCE))
    return false;
  auto version = read_element(sequence->content);
  if (!version || !version->is(V_ASN1_INTEGER))
    return false;
  auto digests = read_element(version->after());
  if (!digests || !digests->is(V_ASN1_SET))
    return false;
  auto encapsulated = read_element(digests->after());
  if (!encapsulated || !encapsulated->is(V_ASN1_SEQUENCE))
    return false;
  auto oid = read_element(encapsulated->content);
  if (!oid || !oid->is(V_ASN1_OBJECT))
    return false;
  // Without eContent a definite-length encapContentInfo ends behind the OID.
  std::size_t used = static_cast<std::size_t>(oid->content.data() - encapsulated->content.data()) +
                     static_cast<std::size_t>(oid->length);
  if (!encapsulated->indefinite && used >= static_cast<std::size_t>(encapsulated->length))
    return false;
  auto content0 = read_element(oid->after());
  return content0 && content0->is(0, V_ASN1_CONTEXT_SPECIFIC);
}

} // namespace

bool looks_like_cms(Bytes bytes) {
  ContentInfo info = read_content_info(bytes);
  return info.type != CmsType::none && info.type != CmsType::other && info.type != CmsType::data;
}

CmsFacts inspect_cms(Bytes bytes, bool complete) {
  CmsFacts facts;
  ContentInfo info = read_content_info(bytes);
  facts.type = info.type;
  if (facts.type == CmsType::signed_data)
    facts.has_content = signed_data_has_content(info.content);
  if (!complete || facts.type == CmsType::none)
    return facts;

  const unsigned char *at = bytes.data();
  std::unique_ptr<CMS_ContentInfo, CmsFree> cms(
      d2i_CMS_ContentInfo(nullptr, &at, static_cast<long>(bytes.size())));
  facts.parsed = cms != nullptr;
  if (cms != nullptr && facts.type == CmsType::signed_data) {
    facts.has_content = CMS_is_detached(cms.get()) == 0;
    facts.has_signers = sk_CMS_SignerInfo_num(CMS_get0_SignerInfos(cms.get())) > 0;
  }
  ERR_clear_error();
  return facts;
}

std::string_view name_of(CmsType type) {
  switch (type) {
  case CmsType::none: return "none";
  case CmsType::data: return "data";
  case CmsType::signed_data: return "signed";
  case CmsType::enveloped_data: return "enveloped";
  case CmsType::auth_enveloped_data: return "auth-enveloped";
  case CmsType::encrypted_data: return "encrypted";
  case CmsType::digested_data: return "digested";
  case CmsType::authenticated_data: return "authenticated";
  case CmsType::compressed_data: return "compressed";
  case CmsType::other: return "other";
  }
  return "other";
}

} // namespace smime
