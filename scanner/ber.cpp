#include "ber.h"

#include "scan-limits.h"

#include <openssl/asn1.h>
#include <openssl/err.h>

namespace smime {

std::optional<BerElement> read_element(Bytes bytes) {
  if (bytes.size() < 2)
    return std::nullopt;
  const unsigned char *at = bytes.data();
  BerElement element;
  long length = 0;
  int flags = ASN1_get_object(&at, &length, &element.tag, &element.tag_class,
                              static_cast<long>(bytes.size()));
  ERR_clear_error();
  // 0x80 is set also for content that ends beyond the bytes; then the position
  // has moved behind the header. A broken header leaves it.
  if (((flags & 0x80) != 0 && at == bytes.data()) || length < 0)
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
