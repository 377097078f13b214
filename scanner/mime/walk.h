// The MIME walk: one pass over a message with lib-mail's parser, which finds
// what there is and where, and gives the message its classes.
#ifndef SMIME_WALK_H
#define SMIME_WALK_H

#include "scanner/inspection/inspection.h"

#include <memory>
#include <string>

namespace smime {

// Reads the message that it is fed. Memory does not grow with the message: one
// bounded buffer for each nesting level, one small record for each MIME part.
std::unique_ptr<ByteSink> make_message_walk(Inspection &inspection);

// The same for what is no message but a file, which somebody else looks into: in what it has in
// place of a header, readers differ about nothing.
std::unique_ptr<ByteSink> make_file_walk(Inspection &inspection);

// The same for a message or MIME entity inside a layer; prefix goes before its
// section numbers, and cover is the layer's.
std::unique_ptr<ByteSink> make_layer_walk(Inspection &inspection, const std::string &prefix,
                                          bool in_archive, Cover cover = {});

// Of the bytes as some mail client reads them beside others (reading.h). They may be nothing
// of what it looks for: a multipart without parts is then none that is malformed.
std::unique_ptr<ByteSink> make_other_walk(Inspection &inspection, const std::string &prefix,
                                          bool in_archive, Cover cover = {});

} // namespace smime

#endif
