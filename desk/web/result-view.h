// What became of acts, and what is asked before a deletion. No Dovecot header.
#ifndef SMIME_DESK_RESULT_VIEW_H
#define SMIME_DESK_RESULT_VIEW_H

#include "desk/protocol/answer.h"
#include "desk/protocol/request.h"
#include "desk/web/templates.h"

#include <string>
#include <vector>

namespace smime::desk {

// back: where "back to the list" goes.
View results_view(const Texts &texts, Act act, const std::vector<ActResult> &results,
                  const std::string &back);
View confirm_view(const Texts &texts, const ActRequest &request, const std::string &back);

// Where a form says that it came from: a path of ours, or fallback.
std::string safe_back(const std::string &back, const std::string &fallback);

} // namespace smime::desk

#endif
