// Which buttons and links who has these acts gets. The worker decides again when he uses them.
// No Dovecot header.
#ifndef SMIME_DESK_RIGHTS_H
#define SMIME_DESK_RIGHTS_H

#include "desk/protocol/answer.h"
#include "desk/web/templates.h"

#include <string>
#include <string_view>
#include <vector>

namespace smime::desk {

bool has_act(const std::vector<std::string> &acts, std::string_view act);
// CAN_RELEASE and the others, and CHOICE where there is any that several messages can have.
void add_rights(View &view, const std::vector<std::string> &acts, Kind kind);

} // namespace smime::desk

#endif
