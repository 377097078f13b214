// What a report says of signatures, and of what could not be looked into, in words. No
// Dovecot header.
#ifndef SMIME_SIGNATURE_TEXT_H
#define SMIME_SIGNATURE_TEXT_H

#include "common/report.h"

#include <string>

namespace smime {

// A CMS signature; PGP's are not verified.
bool has_signature(const Report &report);
bool is_verified(const Report &report);

// "alice@example.org (CN=Alice)", signers separated by "; ".
std::string signers_text(const Report &report);

// "code: text", separated by "; ", and what to do about them, each once.
std::string errors_text(const Report &report);
std::string remedies_text(const Report &report);

// "part 2 (application/zip, a.zip): encrypted-archive", separated by "; ".
std::string uninspectable_text(const Report &report);

} // namespace smime

#endif
