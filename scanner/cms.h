// What one CMS object (RFC 5652) is, told without any key.
#ifndef SMIME_CMS_H
#define SMIME_CMS_H

#include <cstdint>
#include <span>
#include <string_view>

namespace smime {

enum class CmsType : std::uint8_t {
  none, // no ContentInfo at all
  data,
  signed_data,
  enveloped_data,
  auth_enveloped_data,
  encrypted_data,
  digested_data,
  authenticated_data,
  compressed_data,
  other, // a ContentInfo of a type that S/MIME does not use
};

struct CmsFacts {
  CmsType type = CmsType::none;
  // Whether OpenSSL parsed the whole object. False as well when only its
  // beginning was at hand.
  bool parsed = false;
  // SignedData: the content is inside (RFC 8551 section 3.5.2).
  bool has_content = false;
  // SignedData: known only if parsed.
  bool has_signers = false;
};

// True if bytes can be the beginning of a ContentInfo of one of the types
// above. For a part that no label calls CMS; needs max_sniff_prefix bytes.
bool looks_like_cms(std::span<const unsigned char> bytes);

// Reads the object that starts at the first byte. complete: bytes holds all of
// it; otherwise it holds only the beginning and the leading headers decide.
CmsFacts inspect_cms(std::span<const unsigned char> bytes, bool complete);

std::string_view name_of(CmsType type);

} // namespace smime

#endif
