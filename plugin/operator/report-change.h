// What differs between two reports on the same message, in words. No Dovecot header.
#ifndef SMIME_REPORT_CHANGE_H
#define SMIME_REPORT_CHANGE_H

#include "common/report.h"

#include <string>

namespace smime {

// "class: encrypted, now plain; no more: uninspectable part 2 ...", separated by "; ". Empty if
// nothing that matters differs.
std::string changes_text(const Report &before, const Report &now);

} // namespace smime

#endif
