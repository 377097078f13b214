// The MIME walk: one pass over a message with lib-mail's parser, which finds
// what there is and where, and gives the message its classes.
#ifndef SMIME_WALK_H
#define SMIME_WALK_H

#include "scan-limits.h"
#include "report.h"

#include <optional>
#include <string>

struct istream;

namespace smime {

// Reads input to its end and returns the report. Memory does not grow with the
// message: one bounded prefix for each nesting level, one small record for each
// MIME part. Returns nullopt with error set if the stream fails or stops before
// its end; the report would then speak of something that is not the message.
std::optional<Report> walk_message(istream *input, const Limits &limits, std::string &error);

// The report on a message of size bytes that is over max_message_size.
Report report_too_large(std::uint64_t size, const Limits &limits);

} // namespace smime

#endif
