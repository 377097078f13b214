// Patterns of envelope addresses (the rule keys from and to) and of names (roles).
#ifndef SMIME_ADDRESS_H
#define SMIME_ADDRESS_H

#include <string_view>

namespace smime {

// "*" matches anything, "?" one character; case does not count. The empty
// reverse-path (RFC 5321 section 4.5.5) is written "<>" on both sides.
bool address_matches(std::string_view pattern, std::string_view address);

// The same for login names, of which Dovecot may know two that differ in case alone.
bool name_matches(std::string_view pattern, std::string_view name);

// Whether it is an address of the plain kind, as "helpdesk@example.org": a dot-atom (RFC 5322
// section 3.2.3) of ASCII and a domain, which does not begin with "-" and is not longer than 254
// bytes. Mail of ours goes to no other.
bool is_plain_address(std::string_view address);

} // namespace smime

#endif
