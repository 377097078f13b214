// What became of messages long ago, out of the register.
#ifndef SMIME_REGISTER_THIN_H
#define SMIME_REGISTER_THIN_H

#include "plugin/register/database.h"

#include <array>
#include <cstdint>
#include <string>

namespace smime {

struct ThinResult {
  // Of OldRows, in its order.
  std::array<std::size_t, 3> taken{};
  // The bound of one run was met: there may be more.
  bool more = false;
};

// Takes out what is older than before (seconds since the epoch), in transactions of a few hundred
// rows, so that nobody waits long for one, and so many rows in one run. Killed in between, it goes
// on the next time. False with error set.
bool thin_register(Database &database, std::int64_t before, ThinResult &result, std::string &error);

} // namespace smime

#endif
