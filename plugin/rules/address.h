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

} // namespace smime

#endif
