// Where a page of the list of held messages ended, as somebody gives it on to have the next one:
// "2026-11-30T02:44:00Z ID USER", or the size in place of the time. No Dovecot header.
#ifndef SMIME_QUARANTINE_CURSOR_H
#define SMIME_QUARANTINE_CURSOR_H

#include "plugin/register/query.h"

#include <optional>
#include <string_view>

namespace smime {

// Nullopt: it is none, or none of this order. By user there are no pages.
std::optional<RegisterPosition> position_from_cursor(std::string_view cursor, RegisterSort sort);

} // namespace smime

#endif
