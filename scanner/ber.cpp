#include "ber.h"

#include "scan-limits.h"

#include <algorithm>
#include <array>
#include <limits>
#include <openssl/asn1.h>
#include <openssl/err.h>

namespace smime {
namespace {

// Longer than any header that OpenSSL reads: a tag of 6 bytes, a length of 9.
constexpr std::size_t max_header = 32;

} // namespace

std::optional<BerElement> read_element(Bytes bytes) {
  if (bytes.size() < 2)
    return std::nullopt;
  // A copy, and no end: OpenSSL's versions differ in what they say of content
  // that ends beyond the bytes at hand.
  std::array<unsigned char, max_header> header{};
  std::copy_n(bytes.begin(), std::min(bytes.size(), header.size()), header.begin());
  const unsigned char *at = header.data();
  BerElement element;
  long length = 0;
  int flags = ASN1_get_object(&at, &length, &element.tag, &element.tag_class,
                              std::numeric_limits<long>::max());
  ERR_clear_error();
  auto header_size = static_cast<std::size_t>(at - header.data());
  if ((flags & 0x80) != 0 || length < 0 || header_size > bytes.size())
    return std::nullopt;
  element.length = static_cast<std::size_t>(length);
  element.constructed = (flags & V_ASN1_CONSTRUCTED) != 0;
  element.indefinite = (flags & 1) != 0;
  element.header_size = header_size;
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
