// The quarantine mailbox: write, find, take out.
#ifndef SMIME_QUARANTINE_H
#define SMIME_QUARANTINE_H

#include "quarantine-block.h"
#include "settings.h"

#include <ctime>
#include <functional>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

struct istream;
struct mail;
struct mail_user;

namespace smime {

struct ProtectedContent;

// What is kept of a save beside the message.
struct Held {
  // (time_t)-1: now.
  time_t received_date = static_cast<time_t>(-1);
  std::vector<std::string> keywords;
  // The protected content of the message, with its digests; null: not known.
  const ProtectedContent *content = nullptr;
  // The same message for the same mailbox is held once: mail clients try again.
  bool once = false;
};

// Saves the original and its record as one message in a transaction of its own,
// creating the mailbox if needed. Fills in the record's id, time and, if it is not
// there, sha256.
// True only once the message is on disk; otherwise error is set and nothing was
// stored. The stream's position afterwards is undefined.
bool write_to_quarantine(mail_user *user, const Settings &settings, istream *original,
                         const Held &held, QuarantineRecord &record, std::string &error);

// An id made from facts: the same facts, the same id.
std::string quarantine_id_for(std::initializer_list<std::string_view> facts);

// The GUID of what is released from the message with this id. Not that of the
// quarantined message, which is the id: two messages with one GUID have the same
// bytes for Dovecot (a rebuild of an mdbox takes the one for the other).
std::string released_guid(const std::string &id);

enum class FindResult : unsigned char { done, no_mailbox, failed };

// What a visit wants done with the message.
enum class Visit : unsigned char { next, stop, expunge, expunge_and_stop };

// Calls visit for each message of the quarantine mailbox that carries a record,
// or the one with this id, oldest first; other messages are passed over.
// Expunges are on disk when this returns done.
FindResult visit_quarantine(mail_user *user, const Settings &settings, const std::string &id,
                            const std::function<Visit(mail *, const ParsedBlock &)> &visit,
                            std::string &error);

enum class ReleaseResult : unsigned char {
  released,
  was_released, // an earlier release was cut short behind its save; now complete
  not_found,    // not in the quarantine: released or deleted before
  failed,
};

// Calls act for the message with this id and expunges it unless act failed.
ReleaseResult take_out(mail_user *user, const Settings &settings, const std::string &id,
                       QuarantineRecord &record, std::string &error,
                       const std::function<ReleaseResult(mail *, const ParsedBlock &)> &act);

} // namespace smime

#endif
