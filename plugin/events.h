// Names and fields of our events (metrics, exporters and filters use them), and
// the one log line that each of them carries.
#ifndef SMIME_EVENTS_H
#define SMIME_EVENTS_H

#include "dovecot-compat.h"

#include <cstdint>
#include <string>

namespace smime {

inline constexpr const char *event_message_inspected = "smime_message_inspected";
inline constexpr const char *event_content_restored = "smime_content_restored";
inline constexpr const char *event_message_quarantined = "smime_message_quarantined";
inline constexpr const char *event_message_released = "smime_message_released";
inline constexpr const char *event_message_rejected = "smime_message_rejected";
inline constexpr const char *event_scanner_failed = "smime_scanner_failed";

// Empty fields are left out.
struct EventFields {
  std::string mailbox;
  std::string classes;
  std::string status;
  std::string rule;
  std::string action;
  std::string id;
  std::string sha256;
  // Who did it: the login, the reviewer, or the operator at doveadm.
  std::string actor;
  std::string remote_ip;
  std::uint64_t size = 0;
};

enum class EventLevel : unsigned char { debug, info, warning, error };

// Fills in who is behind the user's session, and from where.
void add_actor(EventFields &fields, const mail_user *user);

// The mail's Message-ID for a log line.
std::string message_id_of(mail *m);

// Sends the event name and logs text at level, below parent (which knows user
// and session).
void send_event(event *parent, const char *name, EventLevel level, const EventFields &fields,
                const std::string &text);

} // namespace smime

#endif
