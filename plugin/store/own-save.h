// What we write to a mailbox ourselves, and what looking into one for it takes.
#ifndef SMIME_OWN_SAVE_H
#define SMIME_OWN_SAVE_H

#include "plugin/dovecot/ptr.h"

#include <ctime>
#include <string>
#include <vector>

namespace smime {

struct ProtectedContent;

// Access control lists are passed over: who may do what was decided before.
MailboxPtr alloc_mailbox(mail_user *user, const std::string &name, unsigned flags);

// Opens the mailbox, creating it if it does not exist.
bool open_or_create(mailbox *box, std::string &error);

std::string last_error(mailbox *box);

struct SaveData {
  time_t received_date = static_cast<time_t>(-1);
  std::string from_envelope;
  // Empty: the storage makes one.
  std::string guid;
  std::vector<std::string> keywords;
  // A reviewer let the message pass: recorded along with it.
  bool released = false;
  // The protected content of what is saved, with its digests; null: not known, it is
  // looked for.
  const ProtectedContent *content = nullptr;
  // Of a message of the quarantine, by which it is found; else empty.
  std::string identity;
  // Set while its delivery may still fail, see quarantine/provisional.h.
  std::string provisional;
};

// Sets date, envelope sender, GUID and whether a reviewer let it pass; not the keywords.
void set_save_data(mail_save_context *save, const SaveData &data);

// A save by save_stream(), for the overrides that it passes through.
struct OwnSave {
  istream *input;
  const SaveData *data;
  // Set if the storage gave back something else than it got.
  bool changed = false;
};

enum class SaveResult : unsigned char {
  saved,
  // The storage does not keep these bytes: nothing was saved, and it would be no use to try
  // it again.
  changed,
  failed,
};

// Saves input, which can be read again, into the open box in a transaction of its
// own. Saved only once it is on disk, and what the storage gives back is the same.
SaveResult save_stream(mailbox *box, istream *input, const SaveData &data, std::string &error);

// Within a mailbox's copy function: saves input in place of the message that was to be
// copied, with what was set of save. It is what mail_storage_copy() of lib-storage does from a
// mail. Returns what the copy function returns: 0, or -1 with the save cancelled and the
// storage's error set.
int save_for_copy(mail_save_context *save, istream *input);

// Whether a message with this GUID is in the open box. False with error set if
// that cannot be told. mbox keeps no GUIDs: found is false then.
bool look_for_guid(mailbox *box, const std::string &guid, bool &found, std::string &error);

} // namespace smime

#endif
