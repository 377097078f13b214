// One row of the register of held messages: what it says, and its form on the way from the
// process that knows it to the database. No Dovecot header.
#ifndef SMIME_REGISTER_ROW_H
#define SMIME_REGISTER_ROW_H

#include "common/report.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace smime {

// Held and requested messages are in a quarantine; the others left it in the way that the name
// says. gone: nobody said why.
enum class HeldState : std::uint8_t {
  held,
  requested,
  released,
  rejected,
  deleted,
  expired,
  gone,
};

std::string_view name_of(HeldState state);
std::optional<HeldState> held_state_from_name(std::string_view name);
inline bool is_in_quarantine(HeldState state) {
  return state == HeldState::held || state == HeldState::requested;
}

inline constexpr std::string_view event_kept = "kept";
inline constexpr std::string_view event_noted = "noted";
// The beginning of the why of what is kept: the time follows it, and perhaps ": " and a reason.
inline constexpr std::string_view kept_until_text = "until ";

// Bounds of a row's texts, in bytes.
inline constexpr std::size_t max_row_text = 500;
inline constexpr std::size_t max_row_subject = 300;
inline constexpr std::size_t max_row_list = 2000;
// A row as a line; a file that has more is none of ours.
inline constexpr std::size_t max_row_line = 32UL * 1024;

// A held message and what became of it, or with is_delivery what was decided on one that was
// delivered, whose id is of this row alone.
struct RegisterRow {
  bool is_delivery = false;
  std::string id;
  // Seconds since the epoch: when the message was held.
  std::int64_t time = 0;
  // The full name of the user whose it is.
  std::string user;
  std::string mailbox;
  std::string from;
  std::string to;
  std::string subject;
  // Class names, codes of findings, and reasons why parts were not looked into, each list
  // separated by blanks.
  std::string classes;
  std::string status;
  std::string findings;
  std::string strength;
  std::string reason;
  std::string rule;
  // Of a delivery: "deliver", "quarantine", "reject" or "tempfail".
  std::string action;
  // A JSON list of name and type.
  std::string attachments;
  std::uint64_t size = 0;
  std::string digest;

  HeldState state = HeldState::held;
  // Microseconds since the epoch: of two states the later one counts.
  std::int64_t changed = 0;
  std::string who;
  std::string why;
  // What happened without a change of the state, for the history alone: "kept" or "noted"; else
  // empty. Then who and why are of that.
  std::string event;
  // Only of what is read: until when somebody has it held (RFC 3339, UTC); empty: nobody has.
  std::string kept;
};

// Fills in what a report says: classes, status, findings, strength, attachments, size.
void describe(RegisterRow &row, const Report &report);

// The present, as rows have it.
std::int64_t microseconds_now();

// The part of an address behind its last "@", in lower case.
std::string recipient_domain(std::string_view address);

// An address as a row has it. Of one that is longer than any (RFC 5321), which is cut, the domain
// stays: roles and filters go by it, and a sender chooses what is in front of it.
std::string address_for_row(const std::string &address);

// One line of ASCII JSON, of at most max_row_line bytes whatever the row has in it.
std::string to_line(const RegisterRow &row);

// Reads what to_line() wrote. Any local user may have written the line instead: anything but a
// complete row is an error. Its texts are valid UTF-8 without NUL.
std::optional<RegisterRow> row_from_line(std::string_view line, std::string &error);

} // namespace smime

#endif
