// Keeps the quarantine out of the user's quota and out of automatic full-text
// indexing, as if the operator had written quota_rule and fts_autoindex_exclude.
#ifndef SMIME_EXCLUSIONS_H
#define SMIME_EXCLUSIONS_H

#include "settings.h"

#include <optional>
#include <string>

struct mail_user;

namespace smime {

// For a user that is being created; the quota plugin has read its rules.
void exclude_quarantine(mail_user *user, const Settings &settings);

// The setting that keeps the quarantine out of full-text indexing, or "nothing";
// nullopt if nothing is indexed by itself.
std::optional<std::string> index_exclusion(mail_user *user, const Settings &settings);

} // namespace smime

#endif
