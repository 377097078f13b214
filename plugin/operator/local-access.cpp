#include "plugin/operator/local-access.h"

namespace smime {

Findings check_reach(const Reach &reach, bool as_root, const Settings &settings) {
  std::string who = "uid " + std::to_string(reach.uid);
  const std::string group_remedy =
      "a directory of a group that no user is in (chown root:GROUP, chmod 2770), and "
      "mail_access_groups = GROUP";
  if (!reach.error.empty())
    return {
        {"quarantine files", Severity::error, "smime_quarantine_mailbox",
         reach.path + ": " + reach.error + " for " + who + ": mail that must be held is deferred",
         "Let that uid read and write there; where users have a uid each, a quarantine of all "
         "needs " +
             group_remedy}};
  if (reach.shell.empty())
    return {{"quarantine files", Severity::ok, "smime_quarantine_mailbox",
             reach.path + " is reached by " + who + ", with which nobody logs in at a shell", ""}};
  who += " (" + reach.account + ", " + reach.shell + ")";
  if (!reach.at_shell)
    return {{"quarantine files", Severity::ok, "smime_quarantine_mailbox",
             reach.path + " is out of reach for " + who + " at a shell", ""}};
  bool closed = settings.quarantine_access == QuarantineAccess::reviewers;
  return {{"quarantine files", as_root && closed ? Severity::warning : Severity::ok,
           "smime_quarantine_mailbox",
           reach.path + " is open to " + who +
               " at a shell: he reads, changes and removes there "
               "what is held" +
               (closed ? ", whatever smime_quarantine_access says" : ""),
           "Put it into a public namespace with " + group_remedy +
               "; or give all mail one uid "
               "that nobody logs in with (mail_uid); or say what is so, smime_quarantine_access = "
               "owner-read"}};
}

Findings check_unusable_store(const Reach &reach, const std::string &store, const std::string &user,
                              const std::string &setting) {
  const std::string detail = "no mailbox can be made in " + store + " (" + reach.path + ": " +
                             reach.error + " for uid " + std::to_string(reach.uid) + ")";
  if (reach.account == user && reach.shell.empty())
    return {{"mail store", Severity::ok, setting,
             detail + " for " + user + ", an account with which nobody logs in: it gets no mail",
             "Keep such accounts from doveadm -A with first_valid_uid and last_valid_uid"}};
  return {{"mail store", Severity::error, setting,
           detail + ", and mail for the user is deferred, or at least what must be held",
           "Make the directory and give it to the user, or mend " + setting}};
}

} // namespace smime
