// The overview: what waits, days as a chart and a table, and what reviewers decided by rule. No
// Dovecot header.
#ifndef SMIME_DESK_OVERVIEW_VIEW_H
#define SMIME_DESK_OVERVIEW_VIEW_H

#include "desk/web/templates.h"

#include <cstdint>
#include <nlohmann/json.hpp>

namespace smime::desk {

// overview: what "doveadm smime register overview" prints.
View overview_view(const Texts &texts, const nlohmann::json &overview, unsigned days,
                   std::int64_t now);

} // namespace smime::desk

#endif
