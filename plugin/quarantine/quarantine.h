// The quarantine mailbox: write, find, take out.
#ifndef SMIME_QUARANTINE_H
#define SMIME_QUARANTINE_H

#include "plugin/quarantine/block.h"
#include "plugin/rules/settings.h"

#include <ctime>
#include <functional>
#include <set>
#include <string>
#include <vector>

struct istream;
struct mail;
struct mail_user;

namespace smime {

class KnownRecipients;
struct OriginalFacts;
struct ProtectedContent;

// What is kept of a save beside the message.
struct Held {
  // (time_t)-1: now.
  time_t received_date = static_cast<time_t>(-1);
  std::vector<std::string> keywords;
  // The protected content of the message, with its digests; null: not known.
  const ProtectedContent *content = nullptr;
  // Of LMTP; empty: the message came in another way.
  std::string session;
  // The message's, if they were read before; else null.
  const OriginalFacts *facts = nullptr;
  // Of the report. Where they or the rule are others, the message is held anew beside the one
  // before, whose record would say what is not so any more.
  std::string classes;
  std::string verdict;
  // Nothing can refuse the message once it is held.
  bool for_good = false;
};

enum class WriteResult : unsigned char {
  // The message is on disk now.
  held,
  // It was on disk: the same message came for the same recipient and mailbox before, and is
  // held still. The record is the one that it has.
  found,
  // Nothing was stored; the error is set. The storage does not keep the message in any form,
  // and would not in another try.
  unstorable,
  // Nothing was stored; the error is set.
  failed,
};

// Saves the original and its record as one message in a transaction of its own,
// creating the mailbox if needed. Fills in the record's id, time and digests. The stream's
// position afterwards is undefined. Mail servers and clients try again: a message is held
// once as long as it is held. Once it was released or deleted it is another message.
WriteResult write_to_quarantine(mail_user *user, const Settings &settings, istream *original,
                                const Held &held, QuarantineRecord &record, std::string &error);

// The delivery that held messages with these identities succeeds: no refusal takes them back
// any more. False with error set unless they are there and that is on disk.
bool keep_held(mail_user *user, const Settings &settings, const std::set<std::string> &identities,
               std::string &error);

// A delivery of this message that is refused: sender, recipient, and the message as in
// write_to_quarantine().
struct RefusedMessage {
  std::string from;
  std::string to;
  istream *original;
  std::string session;
  const OriginalFacts *facts = nullptr;
  // The identities of what this try was the first to hold. Of an index in memory, which keeps
  // no marks, these alone are taken back.
  std::set<std::string> newly_held;
};

// Takes out what tries of this delivery held of which none succeeded. taken: their records.
// False with error set if some may be there still.
bool take_back(mail_user *user, const Settings &settings, const RefusedMessage &message,
               std::vector<QuarantineRecord> &taken, std::string &error);

// The GUID of what is released from the message with this id. Not that of the
// quarantined message, which is the id: two messages with one GUID have the same
// bytes for Dovecot (a rebuild of an mdbox takes the one for the other).
std::string released_guid(const std::string &id);

enum class FindResult : unsigned char { done, no_mailbox, failed };

// What a visit wants done with the message.
enum class Visit : unsigned char { next, stop, expunge, expunge_and_stop };

// Whose messages are visited of a mailbox that holds those of several users.
struct HeldFor {
  // Empty: the user's.
  std::string name;
  // Is told of those that are others'.
  std::function<void(const QuarantineRecord &)> others;
  // Keeps what was read from one user to the next, so that it is read once; null: it is not kept.
  KnownRecipients *known = nullptr;
  // What is visited is acted on: nobody else does so meanwhile.
  bool to_act = false;
};

// Calls visit for each of the user's messages in the quarantine's mailboxes that carries a
// record, or the one with this id, oldest first; visit_foreign, if it is given, for other
// messages. Expunges are on disk when this returns done.
FindResult visit_quarantine(mail_user *user, const Settings &settings, const std::string &id,
                            const std::function<Visit(mail *, const ParsedBlock &)> &visit,
                            std::string &error,
                            const std::function<void(mail *)> &visit_foreign = {},
                            const HeldFor &held_for = {});

enum class ReleaseResult : unsigned char {
  released,
  was_released, // an earlier release was cut short behind its save; now complete
  not_found,    // not in the quarantine: released or deleted before
  failed,
};

} // namespace smime

#endif
