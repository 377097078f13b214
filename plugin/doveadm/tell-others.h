// Mail that goes out about what is held: to addresses that a rule's notify= names, and to senders.
#ifndef SMIME_DOVEADM_TELL_OTHERS_H
#define SMIME_DOVEADM_TELL_OTHERS_H

#include "plugin/doveadm/submit.h"
#include "plugin/doveadm/untold.h"

#include <memory>
#include <set>
#include <string>
#include <vector>

namespace smime {

// How it goes out, for all users of a command.
class OutgoingMail {
public:
  // Before the first user is looked up. What is wrong is told where there is mail.
  void prepare();

  // Whether the sender may get one: each gets one mail of a command, whoever he wrote to.
  bool is_first_to(const std::string &sender);

  // False with error set. Once the MTA does not answer it is not asked again: that would hold up
  // the notices of all users that follow.
  bool send(mail_user *user, const std::string &to, const std::string &message, std::string &error);

private:
  std::unique_ptr<Submission> submission_;
  std::string wrong_;
  std::set<std::string> senders_;
};

// One mail for each address, about all that the user's messages have for it: what was begun, else
// what is due. Prints a line for each. False with every address that is not told, and why, added
// to error; they are told by the next command.
bool tell_others(mail_user *user, const NoticeTexts &texts, OutgoingMail &outgoing,
                 std::vector<UntoldOther> others, std::string &error);

} // namespace smime

#endif
