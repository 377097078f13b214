// TNEF, Outlook's winmail.dat (MS-OXTNEF): its attachments, the messages inside them, and the
// text. It is a list of attributes with a length each, which is read here as it flows by;
// libytnef keeps all of it twice, stops where Outlook does not (a checksum that is wrong, an
// empty attribute), prints to standard output and reads outside of its buffers.
#ifndef SMIME_TNEF_H
#define SMIME_TNEF_H

#include "scanner/inspection/inspection.h"

#include <memory>

namespace smime {

std::unique_ptr<ByteSink> make_tnef_reader(Inspection &inspection, const Place &place);

} // namespace smime

#endif
