// What a report says, in words: why a message is held, what could not be looked into and what to
// do about it, who signed, to whom it is encrypted. No Dovecot header.
#ifndef SMIME_DESK_REPORT_VIEW_H
#define SMIME_DESK_REPORT_VIEW_H

#include "desk/web/templates.h"

#include <nlohmann/json.hpp>

namespace smime::desk {

// Adds to a message's view. report: as common/report.h writes it, or null.
void add_report(View &view, const Texts &texts, const nlohmann::json &report);

} // namespace smime::desk

#endif
