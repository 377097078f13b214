// What a user is to be told of what is held for him, and what of that a notice was begun about.
#ifndef SMIME_DOVEADM_UNTOLD_H
#define SMIME_DOVEADM_UNTOLD_H

#include "plugin/notices/notice.h"
#include "plugin/quarantine/known-recipients.h"
#include "plugin/quarantine/mailbox.h"
#include "plugin/rules/settings.h"

#include <cstdint>
#include <string>
#include <vector>

struct mail_user;

namespace smime {

// A held message of which its recipient is to know.
struct Untold {
  std::string mailbox;
  std::uint32_t uid = 0;
  NoticeMessage message;
};

// What one kind of notices is about.
struct UntoldOfKind {
  NoticeKind kind;
  // The marks while one is written, and when it is in INBOX.
  const char *telling;
  const char *told;
  // Of which a notice was under way when an earlier command ended.
  std::vector<Untold> begun;
  std::vector<Untold> due;

  bool empty() const { return begun.empty() && due.empty(); }
};

// The same of somebody else than its recipient, to whom mail goes out.
struct UntoldOther {
  // others or sender.
  NoticeKind kind;
  std::string address;
  TellingMarks marks;
  // The mail was under way when an earlier command ended, or the MTA did not take it.
  bool begun = false;
  Untold about;
};

// A message that its recipient asked for, and that is held no more (quarantine/requests.h).
struct UntoldDecisions {
  std::vector<NoticeMessage> begun;
  std::vector<NoticeMessage> due;

  bool empty() const { return begun.empty() && due.empty(); }
};

struct AllUntold {
  UntoldOfKind held{NoticeKind::held, telling_keyword, told_keyword, {}, {}};
  UntoldOfKind warning{NoticeKind::warning, warning_keyword, warned_keyword, {}, {}};
  UntoldDecisions decided;
  std::vector<UntoldOther> others;

  bool empty() const {
    return held.empty() && warning.empty() && decided.empty() && others.empty();
  }
};

// Adds what is to be told now, or with at_once whatever is not told yet. known: what was read of
// central quarantines for other users. False with error set.
bool find_untold(mail_user *user, const Settings &settings, bool at_once, KnownRecipients &known,
                 AllUntold &found, std::string &error);

} // namespace smime

#endif
