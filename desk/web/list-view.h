// The list of held mail, and its filter. No Dovecot header.
#ifndef SMIME_DESK_LIST_VIEW_H
#define SMIME_DESK_LIST_VIEW_H

#include "desk/protocol/answer.h"
#include "desk/protocol/request.h"
#include "desk/web/form.h"
#include "desk/web/templates.h"

#include <cstdint>

namespace smime::desk {

// What a query asks for: q from to subject class reason rule state age since user domain sort
// after limit.
ListRequest list_request(const Fields &query);

// path: "/held" or "/mine".
View list_view(const Texts &texts, const ListAnswer &list, const Fields &query,
               const Identity &identity, std::int64_t now);

// How long "hold" may be for, as choices.
View hold_choices(const Texts &texts);

} // namespace smime::desk

#endif
