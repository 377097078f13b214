// A whole message from a stream, to its report.
#ifndef SMIME_INSPECT_STREAM_H
#define SMIME_INSPECT_STREAM_H

#include "scanner/inspection/inspection.h"

#include <optional>
#include <string>

struct istream;

namespace smime {

// What is to be done when the report was made.
struct Aftermath {
  // Something was decrypted with the escrow key: the process ends.
  bool opened = false;
  // Something could not be opened with it: the answer comes at a fixed step of time.
  bool refused = false;
};

// Reads input to its end and returns the report. Returns nullopt with error set
// if the stream fails or stops before its end; the report would then speak of
// something that is not the message. aftermath may be null.
std::optional<Report> inspect_stream(istream *input, const Limits &limits, const Tools &tools,
                                     std::string &error, Aftermath *aftermath = nullptr);

// The report on a message of size bytes that is over max_message_size. Its beginning is read for
// labels: input ends there, or later.
Report report_too_large(istream *input, std::uint64_t size, const Limits &limits);

// The report on a message whose inspection had to be ended. With an engine the
// verdict is error: it may be the engine that did not answer.
Report report_out_of_time(std::uint64_t size, const Limits &limits, const Tools &tools);

} // namespace smime

#endif
