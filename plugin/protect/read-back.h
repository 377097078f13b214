// Reads back what was saved, before it is committed.
#ifndef SMIME_READ_BACK_H
#define SMIME_READ_BACK_H

#include "plugin/dovecot/ptr.h"
#include "plugin/protect/protected-content.h"

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace smime {

// The message in the mail's stream, from its beginning; null with error set.
istream *open_stream(mail *m, std::string &error);

// Gives the content with its digests, for which it may wait.
using ExpectedContent = std::function<const ProtectedContent &()>;

// Whether the storage lets a mail be read before it is committed. mbox does not;
// nor does sdbox with mail_attachment_dir, which gives attachments their final
// names at commit (lib-storage/index/dbox-single/sdbox-save.c). There, what was
// saved is not read back; "doveadm smime audit" can compare it later.
bool can_read_back(const mailbox *box);

enum class ReadBackResult : unsigned char {
  same,
  // The storage gives back something else than it got, and would again.
  changed,
  // It cannot be told.
  failed,
};

// Reads a saved, not yet committed mail through all layers of the storage.
// Sets error unless it has the expected protected content.
// Where a stream of the bytes that were saved is given and is the same, nothing
// is parsed, and expected is not asked for. served: set where the storage made other line ends
// of CR CR LF or CRs at the end, which changes what a header's end is: what it serves now.
ReadBackResult read_back(struct mail *saved, istream *as_sent, const ExpectedContent &expected,
                         const std::vector<std::string> &extra_parts,
                         std::optional<ProtectedContent> &served, std::string &error);

// Whether the message in the stream has labels of protected content, or cannot be read. Cheaper
// than finding it, and than reading back: for that storages write each message to the disk by
// itself.
bool maybe_protected(istream *input);

// The same as read_back() for a copy of the message in a stream, whose protected content is
// looked for only if the bytes differ.
ReadBackResult read_back_copy(struct mail *saved, istream *as_sent, std::string &error);

// The same, and every byte has to be there, but for the ends of lines.
ReadBackResult read_back_exact(struct mail *saved, istream *as_sent, std::string &error);

} // namespace smime

#endif
