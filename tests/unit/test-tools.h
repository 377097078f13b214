// The tools that an inspection has without any setting.
#ifndef SMIME_TEST_TOOLS_H
#define SMIME_TEST_TOOLS_H

#include "scanner/formats/detect.h"
#include "scanner/inspection/inspection.h"

namespace smime {

// libmagic's database is loaded once, behind CppUTest's back.
const Tools &test_tools();

} // namespace smime

#endif
