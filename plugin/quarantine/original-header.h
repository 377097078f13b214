// What the header of a held message says of itself, for lists that people read.
#ifndef SMIME_QUARANTINE_ORIGINAL_HEADER_H
#define SMIME_QUARANTINE_ORIGINAL_HEADER_H

#include "common/report.h"
#include "plugin/dovecot/ptr.h"
#include "plugin/quarantine/block.h"
#include "plugin/quarantine/summary.h"

#include <functional>
#include <string_view>

namespace smime {

// Subject and From of the first so many kilobytes, decoded (RFC 2047) by lib-mail and
// shortened; nothing in them is harmless yet. What cannot be read says nothing.
HeldHeader read_held_header(mail *quarantined, const ParsedBlock &block);

// The same of a message that is in the mailbox and not held.
HeldHeader read_header(mail *foreign);

// The same from the beginning of a message, whose position is undefined afterwards.
HeldHeader read_header(istream *message);

// Gives visit each field of the original's first kilobytes that is wanted, with its value as it
// stands. False if that was not the whole header.
bool visit_held_header(mail *quarantined, const ParsedBlock &block,
                       bool (*wanted)(std::string_view),
                       const std::function<void(std::string_view, std::string_view)> &visit);

// In one case and one form; what is no UTF-8 stays in it as U+FFFD.
std::string in_one_case(const std::string &text);

// Whether a part of the subject is this text, in whatever case.
bool subject_has(const HeldHeader &header, const std::string &part);

// Bytes of the original. The report knows; where it does not, the storage does.
std::uint64_t size_of_original(mail *quarantined, const ParsedBlock &block,
                               const std::optional<Report> &report);

} // namespace smime

#endif
