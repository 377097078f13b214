// The MIME walk: one pass over a message with lib-mail's parser, which finds
// what there is and where, and gives the message its classes.
#ifndef SMIME_WALK_H
#define SMIME_WALK_H

#include "inspection.h"

#include <memory>
#include <optional>
#include <string>

struct istream;

namespace smime {

// Reads the message that it is fed. Memory does not grow with the message: one
// bounded buffer for each nesting level, one small record for each MIME part.
std::unique_ptr<ByteSink> make_message_walk(Inspection &inspection);

// The same for a message or MIME entity inside a layer; prefix goes before its
// section numbers, and cover is the layer's.
std::unique_ptr<ByteSink> make_layer_walk(Inspection &inspection, const std::string &prefix,
                                          bool in_archive, Cover cover = {});

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
