#include "plugin/settings/mailbox-policy.h"

#include "plugin/dovecot/ptr.h"
#include "plugin/rules/arrival.h"
#include "plugin/settings/dovecot.h"
#include "plugin/settings/user-context.h"

#include <utility>

namespace smime {
namespace {

// The policy's text; empty if there is none. False with error set if it cannot
// be read.
bool read_policy(mailbox *box, std::string &text, std::string &error) {
  InternalAccess access(box->storage->user);
  mail_attribute_value value{};
  int ret = mailbox_attribute_get(box, MAIL_ATTRIBUTE_TYPE_SHARED, policy_attribute, &value);
  const char *string = nullptr;
  if (ret > 0)
    ret = mailbox_attribute_value_to_string(box->storage, &value, &string) < 0 ? -1 : 1;
  if (ret < 0) {
    error = std::string("the policy of mailbox ") + box->vname + " (METADATA /shared/" +
            policy_attribute + ") cannot be read: " + mailbox_get_last_internal_error(box, nullptr);
    return false;
  }
  text = string == nullptr ? "" : string;
  return true;
}

bool keeps_attributes(const mailbox *box) { return has_attribute_dict(mailbox_get_namespace(box)); }

} // namespace

bool has_mailbox_policies(mail_user *user, const Settings &settings) {
  for (mail_namespace *ns = user->namespaces; ns != nullptr; ns = ns->next) {
    if (has_attribute_dict(ns))
      return true;
  }
  return mailbox_blocks_have_rules(user, settings);
}

std::shared_ptr<const std::vector<Rule>>
rules_of(mailbox *box, const std::shared_ptr<const Settings> &users, std::string &error) {
  auto settings = settings_of_mailbox(box, users);
  error = settings->errors.empty() ? wrong_rules_of_mailbox(settings->rules, users->rules)
                                   : settings->errors.front();
  if (!error.empty())
    return nullptr;
  std::shared_ptr<const std::vector<Rule>> global(settings, &settings->rules);
  if (!keeps_attributes(box))
    return global;
  DataStackFrame frame;
  std::string text;
  if (!read_policy(box, text, error))
    return nullptr;
  if (text.empty())
    return global;
  auto rules = parse_rules(std::string("policy of mailbox ") + box->vname, text, error);
  if (!rules)
    return nullptr;
  error = wrong_rules_of_mailbox(*rules, {});
  if (!error.empty())
    return nullptr;
  rules->insert(rules->end(), global->begin(), global->end());
  return std::make_shared<const std::vector<Rule>>(std::move(*rules));
}

bool carries_policy(mailbox *box) {
  if (!keeps_attributes(box))
    return false;
  DataStackFrame frame;
  std::string text;
  std::string error;
  return !read_policy(box, text, error) || !text.empty();
}

} // namespace smime
