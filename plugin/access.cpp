#include "access.h"

#include "dovecot-ptr.h"

#include <algorithm>
#include <array>
#include <string_view>

extern "C" {
#include "mdbox-storage.h"
}

namespace smime {
namespace {

constexpr std::array<std::string_view, 6> internal_services{
    "lmtp", "lda", "doveadm", "indexer-worker", "dsync", "quota-status"};

// A "user*reviewer" login: the authentication was another user's.
bool is_reviewer(const mail_user *user, const Settings &settings) {
  if (user->auth_user == nullptr || std::string_view(user->auth_user) == user->username)
    return false;
  return std::find(settings.reviewers.begin(), settings.reviewers.end(), user->auth_user) !=
         settings.reviewers.end();
}

std::string_view root_of(mail_namespace *ns) {
  const char *root;
  return mailbox_list_get_root_path(ns->list, MAILBOX_LIST_PATH_TYPE_MAILBOX, &root)
             ? std::string_view(root)
             : std::string_view();
}

// A shared namespace holds others' quarantines under the name that theirs has;
// alias namespaces show the same store twice.
bool is_same_store(mail_namespace *home, mail_namespace *ns) {
  if (home->type == MAIL_NAMESPACE_TYPE_PRIVATE && ns->type == MAIL_NAMESPACE_TYPE_SHARED)
    return true;
  return root_of(home) == root_of(ns);
}

} // namespace

bool is_quarantine_name(mail_namespace *ns, const char *vname, const Settings &settings) {
  if (settings.quarantine_mailbox == vname)
    return true;
  // The last level tells most mailboxes apart at no cost.
  std::string_view own(settings.quarantine_mailbox);
  if (!std::string_view(vname).ends_with(own.substr(own.find_last_of("/.\\^") + 1)))
    return false;
  mail_namespace *home = mail_namespace_find(ns->user->namespaces, own.data());
  if (home == nullptr || (home != ns && !is_same_store(home, ns)))
    return false;
  DataStackFrame frame;
  return strcmp(mailbox_list_get_storage_name(home->list, own.data()),
                mailbox_list_get_storage_name(ns->list, vname)) == 0;
}

bool is_quarantine_mailbox(mailbox *box, const Settings &settings) {
  return is_quarantine_name(mailbox_get_namespace(box), box->vname, settings);
}

bool holds_quarantine_mailbox(mailbox *box, const Settings &settings) {
  if (is_quarantine_mailbox(box, settings))
    return true;
  std::string_view own(settings.quarantine_mailbox);
  std::string_view name(box->vname);
  return own.size() > name.size() && own.starts_with(name) &&
         own[name.size()] == mail_namespace_get_sep(mailbox_get_namespace(box));
}

bool serves_client(const mail_user *user) {
  std::string_view service = user->service == nullptr ? "" : user->service;
  return std::find(internal_services.begin(), internal_services.end(), service) ==
         internal_services.end();
}

bool is_rebuilding(const mail_storage *storage) {
  return storage != nullptr && std::string_view(storage->name) == MDBOX_STORAGE_NAME &&
         reinterpret_cast<const mdbox_storage *>(storage)->rebuilding_storage;
}

Access quarantine_access(const mail_user *user, const Settings &settings) {
  if (!serves_client(user))
    return Access::full;
  if (is_reviewer(user, settings))
    return Access::full;
  // Settings that cannot be read open nothing.
  if (!settings.errors.empty())
    return Access::none;
  switch (settings.quarantine_access) {
  case QuarantineAccess::owner: return Access::full;
  case QuarantineAccess::owner_read: return Access::read_only;
  case QuarantineAccess::reviewers: break;
  }
  return Access::none;
}

} // namespace smime
