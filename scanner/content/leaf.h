// Files that a virus scanner reads as they are: whether they are what they begin as, to the end.
#ifndef SMIME_LEAF_CONTENT_H
#define SMIME_LEAF_CONTENT_H

#include "scanner/formats/kinds.h"
#include "scanner/inspection/reader.h"

#include <memory>

namespace smime {

// Reads a file of the kind, of which it takes what stands behind its end for content of its own,
// and names what looks encrypted. Null if there is nothing to be known of it. inspection outlives
// it.
std::unique_ptr<ByteSink> make_leaf_reader(Inspection &inspection, const Place &place,
                                           const KindRow &kind);

} // namespace smime

#endif
