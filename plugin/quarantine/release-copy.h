// The release of a quarantined message into a mailbox: what is saved, and whether it is there
// already. doveadm, IMAP and a delivery through the rules once more (--refilter) make their
// copies from this, each in its own save. The bytes are those behind the block (original.h):
// their digest is compared with the record's before, and what the storage gives back is
// compared with them before the commit (protect/read-back.h). The held message goes after that.
#ifndef SMIME_RELEASE_COPY_H
#define SMIME_RELEASE_COPY_H

#include "plugin/quarantine/mailbox.h"

#include <optional>
#include <string>

namespace smime {

struct Release {
  std::string id;
  // Of the original, canonical.
  std::string sha256;
  // A release was begun before, and may have got as far as the mailbox.
  bool again = false;
  // With the message's INTERNALDATE, envelope sender and keywords, and a GUID that is made from
  // the id: a release that is repeated is found by it.
  SaveData data;
};

// Notes on the quarantined message that its release begins, so that one that is repeated looks
// closely. Nullopt with error set if it cannot be read. The caller has checked its digest.
std::optional<Release> begin_release(mail_user *user, mail *quarantined, const ParsedBlock &block,
                                     std::string &error);

// Whether the mailbox, which is created if it does not exist, has the message already. Nullopt
// with error set if that cannot be told.
std::optional<bool> is_released_to(mail_user *user, const std::string &mailbox,
                                   const Release &release, std::string &error);

// Takes the marks of releases off the keywords that a copy has of its source.
void take_off_release_marks(mail_save_context *save);

} // namespace smime

#endif
