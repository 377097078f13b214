// Events of the desk, for the audit trail: who came in, who was refused, who went, and what a
// reviewer asked for.
#ifndef SMIME_DESK_AUDIT_H
#define SMIME_DESK_AUDIT_H

#include <string>

namespace smime::desk {

inline constexpr const char *event_login = "smime_desk_login";
inline constexpr const char *event_login_refused = "smime_desk_login_refused";
inline constexpr const char *event_logout = "smime_desk_logout";
inline constexpr const char *event_act = "smime_desk_act";

// Empty fields are left out.
struct DeskEvent {
  const char *name;
  // Who, or who wants to be.
  std::string actor;
  std::string remote_ip;
  // reviewer, recipient, token
  std::string login;
  std::string action;
  std::string reason;
};

// Sends the event and logs text.
void tell(const DeskEvent &what, const std::string &text);

} // namespace smime::desk

#endif
