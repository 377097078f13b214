// Files that text carries: data: URLs (RFC 2397) in HTML and its relatives, base64 elements of
// Office's and OpenDocument's flat XML, and attachments of calendars and cards (RFC 5545 section
// 3.8.1.1, RFC 6350).
#ifndef SMIME_EMBEDDED_DATA_H
#define SMIME_EMBEDDED_DATA_H

#include "scanner/inspection/inspection.h"

#include <memory>

namespace smime {

// Reads the files in text that begins with prefix, besides who reads the text. Null where text
// of that kind carries none.
std::unique_ptr<ByteSink> make_embedded_data_reader(Inspection &inspection, const Place &place,
                                                    Bytes prefix);

} // namespace smime

#endif
