// The quarantine mailbox: write, find, release.
#ifndef SMIME_QUARANTINE_H
#define SMIME_QUARANTINE_H

#include "quarantine-block.h"
#include "settings.h"

#include <cstdint>
#include <functional>
#include <string>

struct mail;
struct mail_user;

namespace smime {

// Saves the original and its record as one message in a transaction of its own,
// creating the mailbox if needed. Fills in the record's id, time and sha256.
// True only once the message is on disk; otherwise error is set and nothing was
// stored.
bool write_to_quarantine(mail_user *user, const Settings &settings, mail *original,
                         QuarantineRecord &record, std::string &error);

enum class FindResult : unsigned char { done, no_mailbox, failed };

// What a visit wants done with the message.
enum class Visit : unsigned char { next, stop, expunge_and_stop };

// Calls visit for each message of the quarantine mailbox that carries a record,
// oldest first; other messages are passed over. Expunges are on disk when this
// returns done.
FindResult visit_quarantine(mail_user *user, const Settings &settings,
                            const std::function<Visit(mail *, const ParsedBlock &)> &visit,
                            std::string &error);

enum class ReleaseResult : unsigned char {
  released,
  was_released, // an earlier release was cut short behind its save; now complete
  not_found,    // not in the quarantine: released or deleted before
  failed,
};

// Saves the original bytes of the message with this id into mailbox (empty: the
// one it was going to) with its INTERNALDATE, then takes it out of the
// quarantine. The digest is checked first. On failure error is set and the
// message is still in the quarantine. record is filled in when found.
ReleaseResult release_from_quarantine(mail_user *user, const Settings &settings,
                                      const std::string &id, const std::string &mailbox,
                                      QuarantineRecord &record, std::string &error);

// Expunges the message with this id. Returns not_found or released.
ReleaseResult delete_from_quarantine(mail_user *user, const Settings &settings,
                                     const std::string &id, QuarantineRecord &record,
                                     std::string &error);

} // namespace smime

#endif
