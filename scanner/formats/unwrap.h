// Files that are another file with a header around it.
#ifndef SMIME_UNWRAP_H
#define SMIME_UNWRAP_H

#include "scanner/formats/container.h"
#include "scanner/inspection/inspection.h"

#include <memory>

namespace smime {

// Hands the file inside on to detection: the data fork of MacBinary and AppleSingle, what follows
// the frames that decoders of zstd and lz4 skip.
std::unique_ptr<ByteSink> make_unwrapper(Inspection &inspection, const Place &place,
                                         Container container);

} // namespace smime

#endif
