// A whole message from a stream, to its report.
#ifndef SMIME_INSPECT_STREAM_H
#define SMIME_INSPECT_STREAM_H

#include "inspection.h"

#include <optional>
#include <string>

struct istream;

namespace smime {

// Reads input to its end and returns the report. Returns nullopt with error set
// if the stream fails or stops before its end; the report would then speak of
// something that is not the message. opened (may be null) is set if an encrypted
// layer was opened with the escrow key.
std::optional<Report> inspect_stream(istream *input, const Limits &limits, const Tools &tools,
                                     std::string &error, bool *opened = nullptr);

// The report on a message of size bytes that is over max_message_size.
Report report_too_large(std::uint64_t size, const Limits &limits);

// The report on a message whose inspection had to be ended. With an engine the
// verdict is error: it may be the engine that did not answer.
Report report_out_of_time(std::uint64_t size, const Limits &limits, const Tools &tools);

} // namespace smime

#endif
