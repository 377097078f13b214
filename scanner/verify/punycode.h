// Domains with letters outside ASCII, as certificates have them (RFC 8550 section 3, RFC 5891).
#ifndef SMIME_PUNYCODE_H
#define SMIME_PUNYCODE_H

#include <string>
#include <string_view>

namespace smime {

// The domain in ASCII ("xn--bcher-kva.example"), letters of ASCII in small ones. Other letters are
// taken as they are: what is written in capitals or in pieces stays another domain. A label that is
// no UTF-8, or too long for a domain name, stays as it is.
std::string ascii_domain(std::string_view domain);

} // namespace smime

#endif
