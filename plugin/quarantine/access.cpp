#include "plugin/quarantine/access.h"

#include "plugin/dovecot/ptr.h"
#include "plugin/dovecot/separator.h"
#include "plugin/dovecot/session.h"
#include "plugin/quarantine/known-names.h"
#include "plugin/quarantine/ownership.h"
#include "plugin/settings/awareness.h"

#include <algorithm>
#include <string_view>

namespace smime {
namespace {

// The name of a "user*NAME" login, where the authentication was another user's; else empty.
std::string_view reviewers_login(const mail_user *user) {
  if (user->auth_user == nullptr || std::string_view(user->auth_user) == user->username)
    return {};
  return user->auth_user;
}

bool is_one_of(const std::vector<std::string> &names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// To open a message over IMAP is all of these.
constexpr Acts looks{Act::list, Act::preview, Act::show, Act::download};

Access access_with(Acts acts) {
  if (!acts.has_all(looks))
    return Access::none;
  return acts.has(Act::release) || acts.has(Act::remove) ? Access::full : Access::read_only;
}

// A shared namespace holds others' quarantines under the name that theirs has;
// alias namespaces show the same store twice.
bool is_same_store(mail_namespace *home, mail_namespace *ns) {
  if (home->type == MAIL_NAMESPACE_TYPE_PRIVATE && ns->type == MAIL_NAMESPACE_TYPE_SHARED)
    return true;
  return is_same_root(home, ns);
}

} // namespace

namespace {

bool is_named(mail_namespace *ns, std::string_view vname, const std::string &own) {
  if (vname == own)
    return true;
  // The last level tells most mailboxes apart at no cost.
  if (!vname.ends_with(std::string_view(own).substr(own.find_last_of("/.\\^") + 1)))
    return false;
  mail_namespace *home = mail_namespace_find(ns->user->namespaces, own.c_str());
  if (home == nullptr || (home != ns && !is_same_store(home, ns)))
    return false;
  DataStackFrame frame;
  return strcmp(mailbox_list_get_storage_name(home->list, own.c_str()),
                mailbox_list_get_storage_name(ns->list, vname.data())) == 0;
}

bool is_named_as_quarantine(mail_namespace *ns, std::string_view vname, const Settings &settings) {
  if (is_named(ns, vname, settings.quarantine_mailbox))
    return true;
  return vname.ends_with(beside_suffix) &&
         is_named(ns, vname, name_beside(settings.quarantine_mailbox));
}

} // namespace

bool is_configured_name(mail_namespace *ns, const char *vname, const Settings &settings) {
  if (is_named_as_quarantine(ns, vname, settings))
    return true;
  const std::string aliased = aliased_mailbox(ns, vname);
  return !aliased.empty() && is_named_as_quarantine(ns, aliased, settings);
}

bool is_quarantine_name(mail_namespace *ns, const char *vname, const Settings &settings) {
  if (is_configured_name(ns, vname, settings))
    return true;
  DataStackFrame frame;
  return is_known_name(ns->list, mailbox_list_get_storage_name(ns->list, vname));
}

bool is_quarantine_mailbox(mailbox *box, const Settings &settings) {
  return is_quarantine_name(mailbox_get_namespace(box), box->vname, settings) && !is_users_own(box);
}

bool holds_quarantine_mailbox(mailbox *box, const Settings &settings) {
  if (is_quarantine_mailbox(box, settings))
    return true;
  std::string_view own(settings.quarantine_mailbox);
  std::string_view name(box->vname);
  return own.size() > name.size() && own.starts_with(name) && own[name.size()] == separator_of(box);
}

bool is_central(mailbox *box) { return is_central(mailbox_get_namespace(box)); }

bool is_central(const mail_namespace *ns) { return ns->type != MAIL_NAMESPACE_TYPE_PRIVATE; }

bool is_below_quarantine(mailbox *box, const Settings &settings) {
  mail_namespace *ns = mailbox_get_namespace(box);
  std::string name(box->vname);
  char separator = mail_namespace_get_sep(ns);
  for (auto end = name.find(separator); end != std::string::npos;
       end = name.find(separator, end + 1)) {
    std::string parent = name.substr(0, end);
    if (is_quarantine_name(ns, parent.c_str(), settings) &&
        look_for_owner(ns, parent) == Owner::quarantine)
      return true;
  }
  return false;
}

bool sees_quarantine_alone(const mail_user *user, const Settings &settings) {
  std::string_view name = reviewers_login(user);
  return serves_client(user) && !name.empty() &&
         (settings.unreadable || is_named_reviewer(settings, name)) &&
         !is_one_of(settings.reviewers_all_mail, name);
}

bool may_in_session(const mail_user *user, const Settings &settings, Act act) {
  if (!serves_client(user))
    return true;
  std::string_view name = reviewers_login(user);
  return name.empty() || !is_named_reviewer(settings, name) || acts_on_all(settings, name).has(act);
}

unsigned approvals_in_session(const mail_user *user, const Settings &settings) {
  std::string_view name = reviewers_login(user);
  if (!serves_client(user) || name.empty() || !is_named_reviewer(settings, name))
    return 1;
  return approvals_for_all(settings, name);
}

Access quarantine_access(const mail_namespace *ns, const Settings &settings) {
  const mail_user *user = ns->user;
  if (delivers(user))
    return Access::none;
  if (!serves_client(user))
    return Access::full;
  // A login like any other has what the owner has.
  std::string_view name = reviewers_login(user);
  if (!name.empty() && is_named_reviewer(settings, name))
    return access_with(acts_on_all(settings, name));
  // Settings that cannot be read open nothing.
  if (!settings.errors.empty() || is_central(ns))
    return Access::none;
  switch (settings.quarantine_access) {
  case QuarantineAccess::owner: return Access::full;
  case QuarantineAccess::owner_read: return Access::read_only;
  case QuarantineAccess::reviewers: break;
  }
  return Access::none;
}

} // namespace smime
