// Names and fields of our events (metrics, exporters and filters use them), and
// the one log line that each of them carries.
#ifndef SMIME_EVENTS_H
#define SMIME_EVENTS_H

#include "plugin/dovecot/compat.h"

#include <cstdint>
#include <string>

namespace smime {

inline constexpr const char *event_message_inspected = "smime_message_inspected";
inline constexpr const char *event_content_restored = "smime_content_restored";
inline constexpr const char *event_message_quarantined = "smime_message_quarantined";
inline constexpr const char *event_quarantine_opened = "smime_quarantine_opened";
inline constexpr const char *event_message_viewed = "smime_message_viewed";
inline constexpr const char *event_message_requested = "smime_message_requested";
inline constexpr const char *event_message_approved = "smime_message_approved";
inline constexpr const char *event_message_kept = "smime_message_kept";
inline constexpr const char *event_message_noted = "smime_message_noted";
inline constexpr const char *event_message_released = "smime_message_released";
inline constexpr const char *event_message_rejected = "smime_message_rejected";
inline constexpr const char *event_scanner_failed = "smime_scanner_failed";

// Empty fields are left out.
struct EventFields {
  // Of nobody's in particular.
  EventFields() = default;
  // Of a message of this user's, or in this mailbox.
  explicit EventFields(const mail_user *owner);
  explicit EventFields(struct mailbox *box);

  // The full name of the mailbox's owner, whoever acts on it and by whatever name he logs
  // in or gets mail.
  std::string user;
  std::string mailbox;
  std::string classes;
  std::string status;
  std::string rule;
  std::string action;
  std::string id;
  std::string sha256;
  // Who did it, and from where: add_actor() says.
  std::string actor;
  std::string login;
  std::string remote_ip;
  // Who gave the actor's name, where it was not his own login (--as), and the remote_ip that he
  // gave with it.
  std::string said_by;
  std::string said_from;
  // imap, doveadm, http, ...
  std::string way;
  // Of a command at a shell.
  std::string terminal;
  // Why, in the words of who did it.
  std::string reason;
  std::uint64_t size = 0;
};

enum class EventLevel : unsigned char { debug, info, warning, error };

// Fills in who acts in a session for the user:
// - a mail client's login, or the reviewer who logged in as user*reviewer;
// - at a shell, the account that runs doveadm, root or another; login is who logged in
//   at the machine before he became it with sudo or su, where the kernel keeps that (its
//   login UID, which nobody can change; the environment says what its owner likes);
// - "doveadm server" with the client's address for the doveadm HTTP API, and for commands
//   that came over a socket.
// Of a mail client's, the way as well. Nobody for the mail system itself (lmtp, lda).
void add_actor(EventFields &fields, const mail_user *user);
// The same of a command that is about no user.
void add_operator(EventFields &fields);

// "root (login carla)", "anna (as root says)"
std::string actor_text(const EventFields &fields);

// " from 192.0.2.1 (reason: ...)" for a log line: what was said of either.
std::string reason_text(const EventFields &fields);

// Keeps in mind who started this process, before it becomes somebody else: a mail user.
void note_operator();

// The mail's Message-ID for a log line.
std::string message_id_of(mail *m);

// Sends the event name and logs text at level, below parent (which knows user
// and session).
void send_event(event *parent, const char *name, EventLevel level, const EventFields &fields,
                const std::string &text);

} // namespace smime

#endif
