// Compound files (MS-CFB), by libgsf: which of them a password protects.
#ifndef SMIME_COMPOUND_FILE_H
#define SMIME_COMPOUND_FILE_H

#include "common/byte-sink.h"

namespace smime {

enum class CompoundFileState : unsigned char { readable, encrypted, damaged };

// MS-OFFCRYPTO section 2.3 (EncryptedPackage), MS-DOC section 2.5.2 (fEncrypted),
// MS-XLS section 2.4.117 (FilePass), MS-PPT section 2.3.2 (headerToken).
CompoundFileState inspect_compound_file(Bytes bytes);

} // namespace smime

#endif
