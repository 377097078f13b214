// Compound files (MS-CFB), by libgsf: legacy Office, Office's encrypted packages, Outlook's .msg,
// HWP and others. Says which of them a password or a server opens, and reads the files inside:
// objects, packages, attachments.
#ifndef SMIME_COMPOUND_FILE_H
#define SMIME_COMPOUND_FILE_H

#include "scanner/inspection/inspection.h"

#include <memory>

namespace smime {

// Of libgsf, what is done once. Readers do it as well; in a process that answers it is done before.
void prepare_libgsf();

std::unique_ptr<ByteSink> make_compound_file_reader(Inspection &inspection, const Place &place);

} // namespace smime

#endif
