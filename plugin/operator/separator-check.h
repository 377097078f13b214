// Patterns of mailboxes that match nothing because their separator is another one than the
// user's namespaces have.
#ifndef SMIME_SEPARATOR_CHECK_H
#define SMIME_SEPARATOR_CHECK_H

#include "plugin/operator/findings.h"
#include "plugin/rules/settings.h"

#include <string_view>

namespace smime {

// separators: one character for each of the user's namespaces. Looks at the key mailbox of
// rules and at smime_stores: "/" separates nothing in Maildir's names, which have ".".
Findings check_separators(std::string_view separators, const Settings &settings);

} // namespace smime

#endif
