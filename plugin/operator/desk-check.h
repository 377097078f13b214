// What doveadm smime status says of the review desk. No Dovecot header.
#ifndef SMIME_DESK_CHECK_H
#define SMIME_DESK_CHECK_H

#include "plugin/operator/findings.h"

#include <string>

namespace smime {

struct DeskFacts {
  // As the configuration has it; empty or 0: the desk is off.
  std::string port;
  bool has_tls = false;
  // Where it listens; empty: at all addresses.
  std::string address;
  bool has_register = false;
  // Whether a role or smime_reviewers names anybody.
  bool has_reviewers = false;
};

// Nothing where the desk is off.
Findings check_desk(const DeskFacts &facts);

} // namespace smime

#endif
