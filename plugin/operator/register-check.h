// What doveadm smime status says of the register of held messages. No Dovecot header.
#ifndef SMIME_REGISTER_CHECK_H
#define SMIME_REGISTER_CHECK_H

#include "plugin/operator/findings.h"

#include <cstddef>
#include <ctime>
#include <string>

namespace smime {

struct RegisterFacts {
  // Without smime_register there is none, and nothing to say.
  bool is_set = false;
  // Why the database cannot be asked.
  std::string error;
  std::string spool;
  // Why it cannot be read.
  std::string spool_error;
  std::size_t waiting = 0;
  std::size_t refused = 0;
  // When the oldest of those that wait was written.
  time_t oldest = 0;
};

Findings check_register(const RegisterFacts &facts, time_t now);

} // namespace smime

#endif
