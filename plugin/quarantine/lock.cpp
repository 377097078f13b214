#include "plugin/quarantine/lock.h"

#include "plugin/dovecot/ptr.h"

extern "C" {
#include "file-lock.h"
}

namespace smime {
namespace {

// Longer than it takes to hold the largest message.
constexpr unsigned lock_seconds = 60;

} // namespace

QuarantineLock::QuarantineLock(mailbox *box, const char *name) {
  DataStackFrame frame;
  const char *path;
  if (mailbox_get_path_to(box, MAILBOX_LIST_PATH_TYPE_INDEX, &path) == 0)
    return;
  const char *error = nullptr;
  if (mailbox_lock_file_create(box, name, lock_seconds, &lock_, &error) > 0)
    return;
  lock_ = nullptr;
  error_ = error == nullptr ? "locking the mailbox failed" : error;
}

QuarantineLock::~QuarantineLock() {
  if (lock_ != nullptr)
    file_lock_free(&lock_);
}

} // namespace smime
