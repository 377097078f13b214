// Writes a notice into the user's INBOX, once.
#ifndef SMIME_DOVEADM_TELL_H
#define SMIME_DOVEADM_TELL_H

#include "plugin/doveadm/untold.h"
#include "plugin/notices/links.h"

#include <cstdint>
#include <string>
#include <vector>

struct mailbox;

namespace smime {

// What notices are made with, and where they go: an open INBOX.
struct Wording {
  const NoticeTexts &texts;
  const Links &links;
  mailbox *inbox;
};

enum class Told : std::uint8_t { sent, was_there, failed };

// Where the texts are.
std::string texts_directory(const Settings &settings);

// What is wrong, a sentence each, with what all notices are made with: the keys of links, which are
// read with the rights that doveadm was started with, and the texts in the language that users
// have by the configuration.
std::vector<std::string> wrong_with_notices(const Settings &settings, Links &links);

// The notice that was begun, and one of what is due: one mail in an interval, so that what is due
// while another is finished waits for the next. Prints a line for each. Told::failed with error
// set.
Told tell_kind(mail_user *user, const Wording &wording, UntoldOfKind &of, std::string &error);

// Sender, host name and date of a mail of ours. False with error set: the sender is not known.
bool fill_in_head(mail_user *user, Notice &notice, std::string &error);

// The same of what was decided on what the user asked for.
Told tell_decisions(mail_user *user, const Wording &wording, UntoldDecisions &decided,
                    std::string &error);

} // namespace smime

#endif
