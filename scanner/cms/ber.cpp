#include "scanner/cms/ber.h"

#include "scanner/base/scan-limits.h"

#include <limits>
#include <openssl/asn1.h>
#include <openssl/err.h>

namespace smime {
namespace {

// How many bytes the header takes that bytes begin with; nullopt if it goes on behind
// them. A tag and a length may both have any number of leading zeros.
std::optional<std::size_t> header_size_of(Bytes bytes) {
  std::size_t at = 1;
  if (!bytes.empty() && (bytes[0] & 0x1fU) == 0x1fU) {
    while (at < bytes.size() && (bytes[at] & 0x80U) != 0)
      at++;
    at++;
  }
  if (at >= bytes.size())
    return std::nullopt;
  std::size_t size = at + 1;
  if ((bytes[at] & 0x80U) != 0)
    size += bytes[at] & 0x7fU;
  return size <= bytes.size() ? std::optional(size) : std::nullopt;
}

} // namespace

std::optional<BerElement> read_element(Bytes bytes) {
  if (!header_size_of(bytes))
    return std::nullopt;
  // OpenSSL is told of no end, because its versions differ in what they say of content
  // that ends behind the bytes at hand. The header is whole, and it reads nothing else.
  const unsigned char *at = bytes.data();
  BerElement element;
  long length = 0;
  int flags = ASN1_get_object(&at, &length, &element.tag, &element.tag_class,
                              std::numeric_limits<long>::max());
  ERR_clear_error();
  if ((flags & 0x80) != 0 || length < 0)
    return std::nullopt;
  element.length = static_cast<std::size_t>(length);
  element.constructed = (flags & V_ASN1_CONSTRUCTED) != 0;
  element.indefinite = (flags & 1) != 0;
  element.header_size = static_cast<std::size_t>(at - bytes.data());
  element.content = bytes.subspan(element.header_size);
  return element;
}

bool is_partial_header(Bytes bytes) {
  // A tag of one byte, a length of up to eight: what S/MIME can have.
  if (bytes.size() < 2)
    return true;
  return (bytes[1] & 0x80) != 0 && bytes.size() < 2U + (bytes[1] & 0x7fU) && bytes.size() < 10;
}

std::optional<std::size_t> element_size(Bytes bytes, unsigned depth) {
  auto element = read_element(bytes);
  if (!element || depth > max_ber_depth)
    return std::nullopt;
  if (!element->indefinite) {
    if (element->length > element->content.size())
      return std::nullopt;
    return element->header_size + element->length;
  }
  std::size_t used = element->header_size;
  for (;;) {
    auto inner = read_element(bytes.subspan(used));
    if (!inner)
      return std::nullopt;
    if (inner->is_end_of_contents())
      return used + inner->header_size;
    auto size = element_size(bytes.subspan(used), depth + 1);
    if (!size)
      return std::nullopt;
    used += *size;
  }
}

} // namespace smime
