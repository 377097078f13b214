// RFC 3274: the content of CompressedData.
#ifndef SMIME_INFLATE_H
#define SMIME_INFLATE_H

#include "scanner/inspection/inspection.h"

#include <memory>

namespace smime {

// Decompresses what it is fed and passes it to inside. Returns null if
// algorithm, the DER of CompressedData's AlgorithmIdentifier, is not
// id-alg-zlibCompress. A damaged stream is reported as uninspectable.
std::unique_ptr<ByteSink> make_inflater(Inspection &inspection, const Place &place, Bytes algorithm,
                                        std::unique_ptr<ByteSink> inside);

} // namespace smime

#endif
