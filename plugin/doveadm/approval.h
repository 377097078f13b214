// approvals= in a role: a release wants several names.
#ifndef SMIME_DOVEADM_APPROVAL_H
#define SMIME_DOVEADM_APPROVAL_H

#include "plugin/doveadm/quarantine.h"

#include <cstdint>
#include <string>

namespace smime {

// The exit code of a release that waits for others.
inline constexpr int approval_exit_code = 76;

enum class Approval : std::uint8_t { enough, waits, failed };

// Keeps the caller's approval of a release, of which he is allowed one. waits: text says how many
// more are needed; failed: it is the error. dry_run: nothing is kept.
Approval approve_release(doveadm_mail_cmd_context *context, mail_user *user, mail *held,
                         const QuarantineRecord &record, std::string &text);

} // namespace smime

#endif
