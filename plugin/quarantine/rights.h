// What a reviewer may do with a held message. Its record is ours: mail that is not held by this
// software has none. No Dovecot header.
#ifndef SMIME_QUARANTINE_RIGHTS_H
#define SMIME_QUARANTINE_RIGHTS_H

#include "plugin/quarantine/block.h"
#include "plugin/register/row.h"
#include "plugin/rules/roles.h"

#include <string_view>

namespace smime {

// What the name may do with the message. None: for this name it is not held.
Acts acts_on(const Settings &settings, std::string_view name, const QuarantineRecord &record);

// How many names have to approve of its release; 0: this one may not release it.
unsigned approvals_for(const Settings &settings, std::string_view name,
                       const QuarantineRecord &record);
// The same by what the register has of the message.
Acts acts_on(const Settings &settings, std::string_view name, const RegisterRow &row);

} // namespace smime

#endif
