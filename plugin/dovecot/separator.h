// What stands between the levels of a mailbox's name, as clients see it.
#ifndef SMIME_SEPARATOR_H
#define SMIME_SEPARATOR_H

#include "plugin/dovecot/compat.h"

namespace smime {

inline char separator_of(const mailbox *box) {
  return mail_namespace_get_sep(mailbox_get_namespace(box));
}

} // namespace smime

#endif
