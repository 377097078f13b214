#include "access.h"

#include "dovecot-compat.h"

#include <algorithm>
#include <array>
#include <string_view>

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

} // namespace

bool is_quarantine_mailbox(const mailbox *box, const Settings &settings) {
  return settings.quarantine_mailbox == box->vname;
}

Access quarantine_access(const mail_user *user, const Settings &settings) {
  std::string_view service = user->service == nullptr ? "" : user->service;
  if (std::find(internal_services.begin(), internal_services.end(), service) !=
      internal_services.end())
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
