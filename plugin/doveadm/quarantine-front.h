// The quarantine commands without a user (-u, -A, -F): the register says whose messages are
// meant. It is asked once, before; the mailboxes stay the truth, and each act opens them.
#ifndef SMIME_DOVEADM_QUARANTINE_FRONT_H
#define SMIME_DOVEADM_QUARANTINE_FRONT_H

#include "plugin/doveadm/caller.h"
#include "plugin/doveadm/register-access.h"
#include "plugin/doveadm/smime.h"

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace smime {

// What the register chose for a command.
struct RegisterChoice {
  Settings settings;
  std::unique_ptr<Database> database;
  std::vector<std::string> users;
  std::size_t next_user = 0;
  // Whole ids, by user. Users without any are asked for what the filters say.
  std::map<std::string, std::vector<std::string>> ids;
  // Ids that were found in no quarantine of the user's whose they are by the register.
  std::vector<std::pair<std::string, std::string>> missing;
  // The same where that proves nothing: there is no mailbox, or the message is not for the caller.
  std::vector<std::pair<std::string, std::string>> unreached;

  const std::vector<std::string> *ids_of(const std::string &user) const {
    auto found = ids.find(user);
    return found == ids.end() ? nullptr : &found->second;
  }
};

// The cmd of all quarantine commands: Dovecot's way to the mail command where the command names
// users; else the register is asked, which prints a list itself and chooses for the others.
void quarantine_command_or_register(doveadm_cmd_context *context) noexcept;

// Opens the register for a command without a mail user, with what waits in the spool in it. Returns
// the exit code; what is wrong is logged.
int open_choice(const doveadm_cmd_context *context, const Caller &caller, RegisterChoice &choice);

// Leaves out what is in no role of the caller's that may do this, or anything: it costs no time
// that could be told, nor does it stand between what he may see.
void limit_to_roles(RegisterFilter &filter, const Caller &caller, const Settings &settings,
                    std::optional<Act> needed);

// The choice of the command that is being allocated; null: it names its users.
std::unique_ptr<RegisterChoice> take_choice();

// The command's get_next_user, where there is a choice.
int next_chosen_user(doveadm_mail_cmd_context *context, const char **name) noexcept;

// The message is not what the filters say, and for the register it is: tells so.
void tell_of_other_message(doveadm_mail_cmd_context *context, mail_user *user,
                           const std::string &id);

// At the end of a command: tells of messages that are not where the register has them, and marks
// them as gone; and of users who were not there to be asked.
void tell_of_choice(doveadm_mail_cmd_context *context);

} // namespace smime

#endif
