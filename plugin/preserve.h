// Put the original back, and read back what was saved.
#ifndef SMIME_PRESERVE_H
#define SMIME_PRESERVE_H

#include "dovecot-ptr.h"
#include "protected-content.h"
#include "settings.h"

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace smime {

// A message as it arrived.
struct Original {
  struct mail *mail = nullptr;
  // The same bytes in memory; may be null. Not owned.
  istream *copy = nullptr;
  // Its digests may be not yet known, see ExpectedContent.
  ProtectedContent content;
  // Section numbers of parts that only their content tells.
  std::vector<std::string> extra_parts;
};

// What a save in the original's name should store.
struct SavePlan {
  // In place of what is being saved; null to save that.
  StreamPtr replacement;
  // The protected content that is to be found in the mailbox afterwards, if it is
  // not the original's.
  std::optional<ProtectedContent> changed;
  // A protected part was lost; its section number and what is wrong with it, as
  // the log says it.
  bool lost = false;
  std::string lost_path;
  std::string difference;
  // The whole message is put back although smime_preserve=content.
  bool whole_message = false;
};

// Gives the content with its digests, for which it may wait.
using ExpectedContent = std::function<const ProtectedContent &()>;

// Compares what is being saved with the original, whose digests are known if
// source is another mail. Returns nullopt and sets error if one of them cannot be
// read.
std::optional<SavePlan> plan_save(struct mail *source, const Original &original,
                                  Preserve preserve, std::string &error);

// Whether the storage lets a mail be read before it is committed. mbox does not;
// nor does sdbox with mail_attachment_dir, which gives attachments their final
// names at commit (lib-storage/index/dbox-single/sdbox-save.c). There, what was
// saved is not read back; "doveadm smime audit" can compare it later.
bool can_read_back(const mailbox *box);

// Reads a saved, not yet committed mail through all layers of the storage.
// Returns false and sets error unless it has the expected protected content.
// Where a stream of the bytes that were saved is given and is the same, nothing
// is parsed, and expected is not asked for.
bool read_back(struct mail *saved, istream *as_sent, const ExpectedContent &expected,
               const std::vector<std::string> &extra_parts, std::string &error);

// Whether the message in the stream has labels of protected content, or cannot be read. Cheaper
// than finding it, and than reading back: for that storages write each message to the disk by
// itself.
bool maybe_protected(istream *input);

// The same as read_back() for a copy of the message in a stream, whose protected content is
// looked for only if the bytes differ.
bool read_back_copy(struct mail *saved, istream *as_sent, std::string &error);

// The same, and every byte has to be there, but for the ends of lines.
bool read_back_exact(struct mail *saved, istream *as_sent, std::string &error);

} // namespace smime

#endif
