// Looking for a message in the quarantine, and holding it unless it is there, is one act, and
// so is taking back what is still provisional: deliveries exclude each other. So do commands that
// write notices into the same INBOX, and commands that act on what is held: of two that release a
// message at once, each would find that it was not released yet.
#ifndef SMIME_QUARANTINE_LOCK_H
#define SMIME_QUARANTINE_LOCK_H

#include "plugin/dovecot/compat.h"

#include <string>

struct file_lock;

namespace smime {

// Files beside the mailbox's index.
inline constexpr const char *quarantine_lock = "smime-quarantine.lock";
inline constexpr const char *notice_lock = "smime-notice.lock";
inline constexpr const char *act_lock = "smime-act.lock";

class QuarantineLock {
public:
  // Waits for a while. box is open and outlives the lock.
  explicit QuarantineLock(mailbox *box, const char *name = quarantine_lock);
  ~QuarantineLock();
  QuarantineLock(const QuarantineLock &) = delete;
  QuarantineLock &operator=(const QuarantineLock &) = delete;

  // False: error() says why; others may be at work in the quarantine. True as well where the
  // index is in memory: it has no directory for a lock, and keeps no marks.
  bool held() const { return error_.empty(); }
  const std::string &error() const { return error_; }

private:
  file_lock *lock_ = nullptr;
  std::string error_;
};

} // namespace smime

#endif
