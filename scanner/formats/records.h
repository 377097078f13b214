// Kinds of files in which hospitals, banks, surveyors and statisticians keep and send their
// records.
#ifndef SMIME_RECORDS_H
#define SMIME_RECORDS_H

#include "scanner/formats/kinds.h"

#include <vector>

namespace smime {

// Rows of the table of kinds.
const std::vector<KindRow> &record_kinds();

} // namespace smime

#endif
