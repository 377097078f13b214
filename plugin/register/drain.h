// From the spool into the database.
#ifndef SMIME_REGISTER_DRAIN_H
#define SMIME_REGISTER_DRAIN_H

#include "plugin/register/database.h"
#include "plugin/register/spool.h"

#include <functional>
#include <optional>
#include <string>
#include <sys/types.h>
#include <vector>

namespace smime {

// A file that is no row, or not one that its owner may write.
struct RefusedLine {
  // Empty: it was removed, since too many of its owner's are kept.
  std::string name;
  uid_t owner = 0;
  std::string reason;
};

struct DrainResult {
  std::size_t written = 0;
  // They are kept beside the others, under the names that are said here.
  std::vector<RefusedLine> refused;
  // Why some were left for another time; empty: nothing is left.
  std::string error;
};

// What the log says of them: of each owner the first few, and how many there were more.
std::vector<std::string> tell_refused(const std::vector<RefusedLine> &refused);

// Who may speak of a user's mail: the uid of his processes, and what belongs to one of the groups
// that Dovecot gives to its own processes, for a central quarantine (mail_access_groups).
struct OwnerOfMail {
  uid_t uid = 0;
  std::vector<gid_t> groups;
};
// Nullopt: there is no such user, or with error set that it cannot be told now.
using OwnerOfUser =
    std::function<std::optional<OwnerOfMail>(const std::string &user, std::string &error)>;

// Brings every row into the database, and takes its file away once that is committed: one that
// is killed in between brings it again, which changes nothing. Root may write rows about
// everybody, others about their own mail, or what they prove to be in reach of.
DrainResult drain(Spool &spool, Database &database, const OwnerOfUser &owner_of);

} // namespace smime

#endif
