// Keeps the quarantine out of the user's quota and out of automatic full-text
// indexing, as if the operator had written quota_rule and fts_autoindex_exclude.
#ifndef SMIME_EXCLUSIONS_H
#define SMIME_EXCLUSIONS_H

#include "plugin/rules/settings.h"

#include <cstdint>
#include <optional>
#include <string>

struct mail_user;
struct mailbox;

namespace smime {

// For a user that is being created; the quota plugin has read its rules.
void exclude_quarantine(mail_user *user, const Settings &settings);

// The setting that keeps the quarantine out of full-text indexing, or "nothing";
// nullopt if nothing is indexed by itself.
std::optional<std::string> index_exclusion(mail_user *user, const Settings &settings);

// While it lives, the quota plugin's limit on the size of one message does not hold for what is
// saved to the mailbox if that is the quarantine: its block, or an encoding, makes a message
// larger than it arrived, and a sender would be told to try again for ever. Dovecot 2.4 has
// that limit as a setting of the mailbox, see exclude_quarantine().
class WithoutSizeLimit {
public:
  explicit WithoutSizeLimit(mailbox *box);
  ~WithoutSizeLimit();
  WithoutSizeLimit(const WithoutSizeLimit &) = delete;
  WithoutSizeLimit &operator=(const WithoutSizeLimit &) = delete;

private:
  std::uint64_t *limit_ = nullptr;
  std::uint64_t size_ = 0;
};

// The size of the largest message that the quota plugin lets be saved to the mailbox; nullopt:
// any.
std::optional<std::uint64_t> message_size_limit(mailbox *box);

} // namespace smime

#endif
