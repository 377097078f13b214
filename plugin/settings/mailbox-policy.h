// The rules that hold for one mailbox: its own policy from its METADATA first,
// then the global ones.
#ifndef SMIME_MAILBOX_POLICY_H
#define SMIME_MAILBOX_POLICY_H

#include "plugin/rules/settings.h"

#include <memory>
#include <string>
#include <vector>

struct mailbox;
struct mail_user;

namespace smime {

// The attribute's key below /shared, as doveadm mailbox metadata names it.
inline constexpr const char *policy_attribute = "vendor/vendor.dovecot/pvt/server/smime/policy";

// Whether mailboxes may have policies of their own: mail_attribute_dict is set, or
// a mailbox block of Dovecot 2.4 has rules.
bool has_mailbox_policies(mail_user *user, const Settings &settings);

// Opens the mailbox if it is not open. Null with error set, which names the
// mailbox and the word, if its policy cannot be read or is wrong: nobody knows
// then what the operator wants, and nothing may be saved.
std::shared_ptr<const std::vector<Rule>>
rules_of(mailbox *box, const std::shared_ptr<const Settings> &settings, std::string &error);

// Whether the mailbox carries a policy, readable or not.
bool carries_policy(mailbox *box);

} // namespace smime

#endif
