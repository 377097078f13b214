// What writing to the quarantine and taking out of it share.
#ifndef SMIME_QUARANTINE_MAILBOX_H
#define SMIME_QUARANTINE_MAILBOX_H

#include "plugin/dovecot/ptr.h"
#include "plugin/quarantine/block.h"
#include "plugin/quarantine/original.h"
#include "plugin/store/own-save.h"

#include <array>
#include <ctime>
#include <optional>
#include <string>
#include <vector>

namespace smime {

// What a client copied out of the quarantine, and told by an event, has it: to take the
// message out of the quarantine then is part of the same act.
inline constexpr const char *released_keyword = "$SMIMEReleased";
bool is_marked_released(mail *quarantined);

// On held messages of which a notice is about to be written, and of which one is in the
// recipient's mailbox.
inline constexpr const char *telling_keyword = "$SMIMETelling";
inline constexpr const char *told_keyword = "$SMIMETold";
// The same of the warning before its time is over.
inline constexpr const char *warning_keyword = "$SMIMEWarning";
inline constexpr const char *warned_keyword = "$SMIMEWarned";
// The same of notices to the sender, and to the addresses of the rule's notify= in their order.
struct TellingMarks {
  const char *telling;
  const char *told;
};
inline constexpr TellingMarks sender_marks{"$SMIMESenderTelling", "$SMIMESenderTold"};
inline constexpr std::array<TellingMarks, 3> other_marks{
    {{"$SMIMEOthersTelling", "$SMIMEOthersTold"},
     {"$SMIMEOthers2Telling", "$SMIMEOthers2Told"},
     {"$SMIMEOthers3Telling", "$SMIMEOthers3Told"}}};
// Set before it is saved elsewhere.
inline constexpr const char *releasing_keyword = "$SMIMEReleasing";
// Its recipient asks for it (request-store.h).
inline constexpr const char *requested_keyword = "$SMIMERequested";
// All of them: ours to set and to take off, and not on what is released.
inline constexpr std::array quarantine_marks{
    released_keyword,    releasing_keyword,      telling_keyword,     told_keyword,
    warning_keyword,     warned_keyword,         requested_keyword,   sender_marks.telling,
    sender_marks.told,   other_marks[0].telling, other_marks[0].told, other_marks[1].telling,
    other_marks[1].told, other_marks[2].telling, other_marks[2].told};

// Reads the block at the beginning of a stored message.
std::optional<ParsedBlock> read_block(istream *stored);

// Over the canonical form (CRLF line ends), from the stream's present position.
// Returns an empty string and sets error if the stream cannot be read.
std::string canonical_sha256(istream *input, std::string &error);

} // namespace smime

#endif
