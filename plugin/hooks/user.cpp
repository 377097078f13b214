#include "plugin/hooks/user.h"

#include "plugin/dovecot/ptr.h"
#include "plugin/dovecot/say.h"
#include "plugin/dovecot/session.h"
#include "plugin/quarantine/access.h"
#include "plugin/quarantine/exclusions.h"
#include "plugin/settings/dovecot.h"
#include "plugin/settings/user-context.h"

namespace smime {
namespace {

// Mail is deferred in the deliver hook; here the operator is told, and users
// can go on to read what they have.
void log_errors(mail_user *user, const Settings &settings) {
  for (const std::string &error : settings.errors)
    log_error(user->event, error + ". Deliveries are deferred until this is mended; see doveadm "
                                   "smime status");
}

// POP3 opens INBOX, ManageSieve changes what becomes of the user's mail, and what is submitted
// is sent in his name.
bool is_no_place_for_reviewer(mail_user *user) {
  return !service_of(user).starts_with("imap") && guarded("looking who logged in", true, [user] {
    return sees_quarantine_alone(user, *user_context(user)->settings);
  });
}

} // namespace

void user_created(mail_user *user) noexcept {
  if (user->autocreated)
    return;
  bool ok = guarded("reading the settings", false, [&] {
    auto settings = settings_of_user(user);
    log_errors(user, *settings);
    attach_user_context(user, settings);
    exclude_quarantine(user, *settings);
    return true;
  });
  if (ok && is_no_place_for_reviewer(user))
    user->error = "smime: reviewers log in over IMAP alone (smime_reviewers_all_mail names those "
                  "to whom all mail is open)";
  if (!ok)
    user->error = "smime: reading the settings failed";
}

} // namespace smime
