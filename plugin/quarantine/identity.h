// What makes a held message the one that is held already: a mail server that was told to
// try again, or got no answer, sends the same message for the same recipient once more.
// No Dovecot header.
#ifndef SMIME_QUARANTINE_IDENTITY_H
#define SMIME_QUARANTINE_IDENTITY_H

#include <cstddef>
#include <string_view>

namespace smime {

// Bytes at a message's beginning in which trace_size() looks.
inline constexpr std::size_t max_trace_size = 16 * 1024;

// The size of what this server put before the message in this delivery alone, which is not
// the same in another try: one Return-Path, one Delivered-To, and the Received fields that
// name the session (a proxy's, whose session is the first part of ours, is one as well).
// Zero where there is nothing of it. Empty session: the delivery is none of LMTP's.
std::size_t trace_size(std::string_view message, std::string_view session);

} // namespace smime

#endif
