// RTF (Rich Text Format 1.9.1): the objects in it, which stand there in hexadecimal digits.
#ifndef SMIME_RTF_H
#define SMIME_RTF_H

#include "scanner/inspection/inspection.h"

#include <memory>

namespace smime {

// Word opens whatever begins so, under any name.
bool is_rtf(Bytes prefix);
std::unique_ptr<ByteSink> make_rtf_reader(Inspection &inspection, const Place &place);

} // namespace smime

#endif
