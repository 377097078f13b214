// The content types of RFC 5652 and its kin: PKCS #7's, and those of GM/T 0010, which are the
// same under other names.
#ifndef SMIME_CMS_TYPE_H
#define SMIME_CMS_TYPE_H

#include "common/byte-sink.h"

#include <cstdint>
#include <string_view>

namespace smime {

enum class CmsType : std::uint8_t {
  none, // no ContentInfo at all
  data,
  signed_data,
  enveloped_data,
  auth_enveloped_data,
  encrypted_data,
  signed_and_enveloped_data, // PKCS #7 (RFC 2315 section 11)
  digested_data,
  authenticated_data,
  compressed_data,
  other, // a ContentInfo of a type that S/MIME does not use
};

// The type that the DER of an OBJECT IDENTIFIER names.
CmsType cms_type_of(Bytes object_identifier);

// Whether OpenSSL reads objects of that type, or the type is known here alone.
bool is_openssl_type(Bytes object_identifier);

// Whether its content is unreadable without a key.
constexpr bool is_encrypted_type(CmsType type) {
  return type == CmsType::enveloped_data || type == CmsType::auth_enveloped_data ||
         type == CmsType::encrypted_data || type == CmsType::signed_and_enveloped_data;
}

// As layers are called in the report: "signed", "enveloped", ...
std::string_view name_of(CmsType type);

} // namespace smime

#endif
