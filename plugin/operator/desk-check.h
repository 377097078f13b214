// What doveadm smime status says of the review desk. No Dovecot header.
#ifndef SMIME_DESK_CHECK_H
#define SMIME_DESK_CHECK_H

#include "plugin/operator/findings.h"

#include <cstdint>
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
  // By which the worker asks doveadm's servers; without a path it is not looked at.
  std::string socket;
  bool has_socket = false;
  std::uint32_t socket_mode = 0;
  // doveadm_allowed_commands.
  std::string allowed_commands;
};

// Nothing where the desk is off.
Findings check_desk(const DeskFacts &facts);

} // namespace smime

#endif
