// Files of programs that encrypt, known by their first bytes. Nothing here opens one.
#ifndef SMIME_ENCRYPTED_FILE_H
#define SMIME_ENCRYPTED_FILE_H

#include "scanner/formats/kinds.h"

#include <vector>

namespace smime {

// Rows of the table of kinds.
const std::vector<KindRow> &encrypted_file_kinds();

// Null if it is none of them. Needs max_sniff_prefix bytes; cheap.
const KindRow *find_encrypted_file(Bytes prefix);

} // namespace smime

#endif
