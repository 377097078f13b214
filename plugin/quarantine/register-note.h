// Tells the register what becomes of a message, where the setting smime_register has one: a line
// in the spool (register/spool.h), and the session goes on. What cannot be told is logged, and no
// reason to keep mail back: the register can be made anew from the mailboxes.
#ifndef SMIME_QUARANTINE_REGISTER_NOTE_H
#define SMIME_QUARANTINE_REGISTER_NOTE_H

#include "plugin/dovecot/compat.h"
#include "plugin/quarantine/block.h"
#include "plugin/register/row.h"
#include "plugin/rules/settings.h"

#include <string>

namespace smime {

// What happened to a held message, by whom, and why he said that he did it.
struct HeldChange {
  HeldState state = HeldState::held;
  std::string who;
  std::string why;
  // Whose the message is; empty: the record knows.
  std::string owner = {};
};

// The row of a held message. report: the record's own, or null: it is read from the record.
RegisterRow register_row_of(const QuarantineRecord &record, const Report *report);

// Whoever asked for the message is told of it later, with or without a register.
void note_held_change(mail_user *user, const Settings &settings, const QuarantineRecord &record,
                      const HeldChange &change);

// What somebody said of it that changes no state (RegisterRow::event). changed: microseconds since
// the epoch; a word of the same time, told again, is one.
struct HeldWord {
  HeldState state = HeldState::held;
  std::string event;
  std::string who;
  std::string why;
  std::int64_t changed = 0;
  std::string owner = {};
};
void note_held_word(mail_user *user, const Settings &settings, const QuarantineRecord &record,
                    const HeldWord &word);

// The same of a message that is held since now, with its subject. original's position is
// undefined afterwards.
void note_newly_held(mail_user *user, const Settings &settings, const QuarantineRecord &record,
                     const Report &report, istream *original);

// Whether the register has a row of every decision.
bool notes_deliveries(const Settings &settings);

// What was decided on a message that is not held: action is the rule's.
struct DeliveryDecision {
  std::string mailbox;
  std::string from;
  std::string to;
  std::string rule;
  std::string action;
};
// Only where notes_deliveries() says so.
void note_delivery(mail_user *user, const Settings &settings, const Report &report,
                   const DeliveryDecision &decision);

} // namespace smime

#endif
