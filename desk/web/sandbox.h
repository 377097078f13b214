// What the process that speaks with the world gives up once it runs: opening files, connections
// and processes. A call that nothing here has reason for ends it. No Dovecot header.
#ifndef SMIME_DESK_SANDBOX_H
#define SMIME_DESK_SANDBOX_H

#include <string>

namespace smime::desk {

// Returns false with error set.
bool enter_sandbox(std::string &error);

} // namespace smime::desk

#endif
