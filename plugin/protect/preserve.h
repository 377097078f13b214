// Puts the original back where a filter changed what must not change.
#ifndef SMIME_PRESERVE_H
#define SMIME_PRESERVE_H

#include "plugin/dovecot/ptr.h"
#include "plugin/protect/protected-content.h"
#include "plugin/rules/settings.h"

#include <optional>
#include <string>
#include <vector>

namespace smime {

// A message as it arrived.
struct Original {
  struct mail *mail = nullptr;
  // The same bytes in memory; may be null. Not owned.
  istream *copy = nullptr;
  // Its digests may be not yet known, see protect/read-back.h.
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

// Compares what is being saved with the original, whose digests are known if
// source is another mail. Returns nullopt and sets error if one of them cannot be
// read.
std::optional<SavePlan> plan_save(struct mail *source, const Original &original, Preserve preserve,
                                  std::string &error);

} // namespace smime

#endif
